package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestGatesBesideTheResponseTime judges one target under one limit at a time.
func TestGatesBesideTheResponseTime(t *testing.T) {
	for _, tt := range []struct {
		name string
		slo  record.SLO
		set  func(*recordtest.Plan)
		want record.Verdict
		why  string
	}{
		{"service time under its limit", record.SLO{Service: record.Quantiles{P99: 10 * time.Millisecond}}, nil, record.Pass, ""},
		{"service time over its limit", record.SLO{Service: record.Quantiles{P50: 500 * time.Microsecond}}, nil, record.Fail, "the whole interval lies above the limit"},
		{"time to first byte under its limit", record.SLO{FirstByte: record.Quantiles{P50: 10 * time.Millisecond}}, nil, record.Pass, ""},
		{"time to first byte over its limit", record.SLO{FirstByte: record.Quantiles{P50: time.Microsecond}}, nil, record.Fail, "the whole interval lies above the limit"},
		{"goodput above its limit", record.SLO{Goodput: 370}, nil, record.Pass, ""},
		{"goodput below its limit", record.SLO{Goodput: 450}, nil, record.Fail, "the whole interval lies below the limit"},
		{"goodput of two rounds", record.SLO{Goodput: 300},
			func(p *recordtest.Plan) { p.Rounds = 2 }, record.Inconclusive, "an interval of the goodput takes 3 rounds, not 2"},
		{"goodput that differs from round to round", record.SLO{Goodput: 375},
			func(p *recordtest.Plan) { p.Targets[0].DiesAt = 9 * time.Second }, record.Inconclusive, "the limit lies inside the interval: it takes about "},
		{"every start under its limit", record.SLO{ColdStart: time.Second}, nil, record.Pass, ""},
		{"one start over its limit", record.SLO{ColdStart: 119 * time.Millisecond}, nil, record.Fail, " of 3 starts took longer"},
		{"a server that did not come up once", record.SLO{ColdStart: time.Minute},
			func(p *recordtest.Plan) { p.Targets[0].StartFails = []int{2} }, record.Fail, "1 of 3 starts came to no right answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := recordtest.Compare()
			p.Targets, p.SLO = p.Targets[:1], tt.slo
			if tt.set != nil {
				tt.set(&p)
			}
			a := analyse(t, recordtest.Open(t, p))
			if a.Verdict != tt.want || len(a.Gates) != 1 {
				t.Fatalf("verdict %q, want %q: %+v", a.Verdict, tt.want, a.Gates)
			}
			if why := sentence.NewLimit(a.Gates[0]).Why; !strings.Contains(why, tt.why) || (why == "") != (tt.want == record.Pass) {
				t.Errorf("why %q, want %q", why, tt.why)
			}
		})
	}
}

// TestFiguresOfGates holds the numbers of every gate against its words.
func TestFiguresOfGates(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[1].DiesAt, p.ColdStarts = 9*time.Second, 4
	few := record.Quantiles{P50: time.Millisecond, P90: time.Millisecond, P99: 2 * time.Millisecond, P999: 9 * time.Second}
	p.SLO = record.SLO{
		P50: few.P50, P90: few.P90, P99: few.P99, P999: few.P999, Service: few, FirstByte: few,
		Errors: share(0.01), Agreement: share(1), Accuracy: share(0.93), Goodput: 380, ColdStart: 700 * time.Millisecond,
	}
	for _, g := range analyse(t, recordtest.Open(t, p)).Gates {
		what := g.Target + " " + g.Metric
		l := sentence.NewLimit(g)
		format := map[stat.Unit]func(float64) string{
			stat.Seconds:   func(v float64) string { return format.Duration(time.Duration(v*1e9 + 0.5)) },
			stat.PerSecond: format.Rate,
			stat.Share:     format.Percent,
		}[g.Unit]
		if format == nil {
			t.Fatalf("%s: unit %q", what, g.Unit)
		}
		if _, limit, _ := strings.Cut(l.Limit, " "); limit != format(g.Bound) {
			t.Errorf("%s: bound %v, limit %q", what, g.Bound, l.Limit)
		}
		if g.Missing == "" && l.Observed != format(g.Value) {
			t.Errorf("%s: value %v, observed %q", what, g.Value, l.Observed)
		}
		if g.HasInterval && (l.Interval == "" || g.Low > g.High || g.Value < g.Low || g.Value > g.High) {
			t.Errorf("%s: %v in [%v, %v] reads %q", what, g.Value, g.Low, g.High, l.Interval)
		}
		if g.More > 0 && g.Verdict != record.Inconclusive || g.N > 0 && g.Of == "" {
			t.Errorf("%s: %+v", what, g)
		}
	}
}

// TestMoreRoundsSettle plays as many rounds as are said to settle a limit.
func TestMoreRoundsSettle(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{Errors: share(0.012)}
	p.Targets[0].Errors = failing(0.01)
	a := analyse(t, recordtest.Open(t, p))
	rounds, _ := a.More()
	if a.Verdict != record.Inconclusive || rounds <= p.Rounds {
		t.Fatalf("%s, %d rounds: %+v", a.Verdict, rounds, a.Gates)
	}
	p.Rounds = 2 * rounds // the share does not stay quite what it was
	if a := analyse(t, recordtest.Open(t, p)); a.Verdict != record.Pass {
		t.Errorf("after %d rounds %s: %+v", p.Rounds, a.Verdict, a.Gates)
	}
}

// TestMoreRepeatsTheCommand asks for more rounds and leaves the rest as it was.
func TestMoreRepeatsTheCommand(t *testing.T) {
	a := &analysis.Analysis{Set: &sample.Set{Run: &record.Run{Command: []string{"servebench", "run", "my test.yaml", "--rounds", "3", "--seed", "1"}}}}
	a.Gates = []gate.Gate{{More: 4}, {More: 12}, {}}
	if rounds, command := a.More(); rounds != 12 || command != "servebench run 'my test.yaml' --rounds 12 --seed 1" {
		t.Errorf("%d rounds by %s", rounds, command)
	}
	a.Limits = []string{"--set", "slo.p50=43ms"}
	if _, command := a.More(); command != "servebench run 'my test.yaml' --rounds 12 --seed 1 --set slo.p50=43ms" {
		t.Errorf("with the limits of a gate: %s", command)
	}
	a.Gates = a.Gates[2:]
	if rounds, command := a.More(); rounds != 0 || command != "" {
		t.Errorf("%d rounds by %s, want none", rounds, command)
	}
}

// TestRoundsTake: so many rounds take as long as those played did.
func TestRoundsTake(t *testing.T) {
	run := &record.Run{Created: time.Unix(0, 0), Finished: time.Unix(150, 0), Cells: []record.Cell{{Round: 1}, {Round: 3}, {Round: 2}}}
	a := &analysis.Analysis{Set: &sample.Set{Run: run}}
	if got := a.RoundsTake(840); got != 700*time.Minute {
		t.Errorf("840 rounds take %s, want 700 minutes", got)
	}
	run.Finished = time.Time{}
	if got := a.RoundsTake(840); got != 0 {
		t.Errorf("of a run that did not end: %s", got)
	}
}

// TestOtherLimits judges a run by limits that it was not made with.
func TestOtherLimits(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P99: 50 * time.Millisecond, Goodput: 300}
	run := recordtest.Open(t, p)
	for _, tt := range []struct {
		slo  record.SLO
		want record.Verdict
		why  string
	}{
		{record.SLO{P99: time.Millisecond}, record.Fail, "the whole interval lies above the limit"},
		{record.SLO{P50: 50 * time.Millisecond, Goodput: 350}, record.Pass, ""},
		{record.SLO{P50: 40 * time.Millisecond, Goodput: 300}, record.Inconclusive, "answers were counted within 50 ms, not within 40 ms"},
		{record.SLO{P50: time.Second, Goodput: 300}, record.Pass, ""},
		{record.SLO{P50: time.Second, Goodput: 450}, record.Inconclusive, "answers were counted within 50 ms, not within 1 s"},
		{record.SLO{P50: 40 * time.Millisecond, Goodput: 450}, record.Fail, "the whole interval lies below the limit"},
		{record.SLO{Goodput: 300}, record.Inconclusive, "answers were counted within 50 ms, not however late they came"},
		{record.SLO{FirstByte: record.Quantiles{P50: time.Second}}, record.Inconclusive, "the time to first byte is recorded where the scenario limits it"},
		{record.SLO{}, record.NoLimit, ""},
	} {
		a, err := analysis.AnalyseBy(run, tt.slo, "--slo other.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != tt.want || a.By != "--slo other.yaml" || a.SLO != tt.slo {
			t.Errorf("%s by %q, want %s: %+v", a.Verdict, a.By, tt.want, a.Gates)
		}
		if last := len(a.Gates) - 1; last >= 0 && !strings.HasPrefix(sentence.NewLimit(a.Gates[last]).Why, tt.why) {
			t.Errorf("why %q, want %q", sentence.NewLimit(a.Gates[last]).Why, tt.why)
		}
	}
}

// TestEveryLimitHasAGate sets a limit of what a run does not measure at all: it stays
// undecided, with a gate that says why, and is no PASS.
func TestEveryLimitHasAGate(t *testing.T) {
	running := recordtest.Running()
	running.Targets = running.Targets[1:]
	starts := recordtest.ColdStart()
	starts.Targets = starts.Targets[:1]
	for _, tt := range []struct {
		name, why string
		plan      recordtest.Plan
		slo       record.SLO
	}{
		{"a start of servers that ran already", "the server ran already, so there is no start to time", running,
			record.SLO{P50: time.Second, ColdStart: time.Microsecond}},
		{"a load of a run of starts", "the run measures how servers start, and no load", starts,
			record.SLO{ColdStart: time.Hour, P99: time.Second, Errors: share(1), Goodput: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := analysis.AnalyseBy(recordtest.Open(t, tt.plan), tt.slo, "--slo other.yaml")
			if err != nil {
				t.Fatal(err)
			}
			says := slices.ContainsFunc(a.Gates, func(g gate.Gate) bool {
				l := sentence.NewLimit(g)
				return g.Verdict == record.Inconclusive && l.Why == tt.why && g.Target != "" && l.Observed != ""
			})
			if a.Verdict != record.Inconclusive || !says {
				t.Errorf("%s: %+v", a.Verdict, a.Gates)
			}
		})
	}
	// A server that is started beside one that ran already has starts to judge.
	a, err := analysis.AnalyseBy(recordtest.Open(t, recordtest.Running()), record.SLO{ColdStart: time.Hour}, "--slo other.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != record.Pass || len(a.Gates) != 1 {
		t.Errorf("%s: %+v", a.Verdict, a.Gates)
	}
}

// TestNoPassInPart takes a run that ended before its plan for no PASS.
func TestNoPassInPart(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.Interrupted = p.Targets[:1], "stopped before round 3"
	if a := analyse(t, recordtest.Open(t, p)); a.Verdict != record.Inconclusive || gate.Worst(a.Gates) != record.Pass {
		t.Errorf("%s: %+v", a.Verdict, a.Gates)
	}
}

// TestSentenceNamesThePhase tells the limits of several phases apart.
func TestSentenceNamesThePhase(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P50: time.Microsecond, ColdStart: time.Microsecond}
	if got, want := sentence.Verdict(analyse(t, recordtest.Open(t, p))), "2 of 2 limits not met: physical p50 response time, physical cold start"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.Phases = append(p.Phases, record.Phase{Name: "spike", Arrivals: "poisson", Rate: 800, Duration: 3 * time.Second, Measured: true, Open: true})
	const want = "3 of 3 limits not met: physical p50 response time in phase steady, physical p50 response time in phase spike, physical cold start"
	if got := sentence.Verdict(analyse(t, recordtest.Open(t, p))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestIntervalsNeedSpread: rounds that answer every request rightly have the same
// goodput, which tells nothing of other rounds where the requests are few.
func TestIntervalsNeedSpread(t *testing.T) {
	p := slow(time.Millisecond, record.Phase{Rate: 1.5, Duration: time.Second}) // one is due
	p.Targets = append(p.Targets, p.Targets[0])
	p.Targets[1].Name = "container"
	p.SLO.Goodput = 0.9
	a := analyse(t, recordtest.Open(t, p))
	g := a.Gates[0]
	if g.Verdict != record.Inconclusive || g.Value != 1 || g.Low > 0.3 || g.High != 1 || g.More <= 3 {
		t.Errorf("three rounds of one request: %+v", g)
	}
	for _, r := range a.Ratios {
		if r.Metric == "goodput" && (!r.HasInterval || r.Low > 0.3 || r.High < 3) {
			t.Errorf("ratio of three requests each: %+v", r)
		}
	}

	p.Phases[0].Rate, p.SLO.Goodput = 200, 190
	a = analyse(t, recordtest.Open(t, p))
	if g := a.Gates[0]; g.Verdict != record.Pass || g.Low >= g.Value || g.Low < 195 {
		t.Errorf("three rounds of 200 requests: %+v", g)
	}
	for _, r := range a.Ratios {
		if r.HasInterval && r.Low >= r.High || r.Metric == "goodput" && !r.HasInterval {
			t.Errorf("%+v", r)
		}
	}
}
