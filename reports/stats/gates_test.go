package stats_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/reports/stats/statstest"
)

func share(v float64) *float64 { return &v }

// TestGates judges one target under one limit at a time.
func TestGates(t *testing.T) {
	for _, tt := range []struct {
		name string
		slo  record.SLO
		set  func(*statstest.Plan)
		want stats.Verdict
	}{
		{"quantile under its limit", record.SLO{P99: 10 * time.Millisecond}, nil, stats.Pass},
		{"quantile over its limit", record.SLO{P99: time.Millisecond}, nil, stats.Fail},
		{"limit inside the interval", record.SLO{P99: 1895 * time.Microsecond}, nil, stats.Inconclusive},
		{"too few for the quantile", record.SLO{P999: time.Second},
			func(p *statstest.Plan) { p.Rounds = 1 }, stats.Inconclusive},
		{"too few for the quantile, and all of them too slow", record.SLO{P99: time.Microsecond}, few, stats.Fail},
		{"too few for the quantile, and all of them fast", record.SLO{P99: time.Minute}, few, stats.Inconclusive},
		{"fast answers do not make up for refused ones", record.SLO{P99: time.Second},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.03) }, stats.Fail},
		{"a few refused ones are within p99", record.SLO{P99: time.Second},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.003) }, stats.Pass},
		{"a server that died in one round of three", record.SLO{P99: time.Second},
			func(p *statstest.Plan) { p.Targets[0].DiesAt = 2 * time.Second }, stats.Inconclusive},
		{"errors under the limit", record.SLO{Errors: share(0.02)},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.01) }, stats.Pass},
		{"errors over the limit", record.SLO{Errors: share(0.005)},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.01) }, stats.Fail},
		{"errors too near to the limit", record.SLO{Errors: share(0.01)},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.01) }, stats.Inconclusive},
		{"no error where none is allowed", record.SLO{Errors: share(0)}, nil, stats.Pass},
		{"errors where none is allowed", record.SLO{Errors: share(0)},
			func(p *statstest.Plan) { p.Targets[0].Errors = failing(0.001) }, stats.Fail},
		{"all agree", record.SLO{Agreement: share(1)}, nil, stats.Pass},
		{"one in a thousand disagrees", record.SLO{Agreement: share(1)},
			func(p *statstest.Plan) { p.Targets[0].Wrong = 0.001 }, stats.Fail},
		{"accuracy above its limit", record.SLO{Accuracy: share(0.9)}, nil, stats.Pass},
		{"accuracy below its limit", record.SLO{Accuracy: share(0.95)}, nil, stats.Fail},
		{"accuracy too near to its limit", record.SLO{Accuracy: share(0.93)}, nil, stats.Inconclusive},
		{"no limit", record.SLO{}, nil, stats.NoLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := statstest.Compare()
			p.Targets, p.SLO = p.Targets[:1], tt.slo
			if tt.set != nil {
				tt.set(&p)
			}
			a := analyse(t, statstest.Open(t, p))
			if a.Verdict != tt.want {
				t.Errorf("verdict %q, want %q: %+v", a.Verdict, tt.want, a.Gates)
			}
			for _, g := range a.Gates {
				if (g.Why == "") != (g.Verdict == stats.Pass) {
					t.Errorf("%s: why %q", g.Verdict, g.Why)
				}
			}
		})
	}
}

// few makes the run 400 requests long.
func few(p *statstest.Plan) {
	p.Rounds = 1
	p.Phases[1].Arrivals, p.Phases[1].Rate = "constant", 40
}

// A limit that is certainly broken reads as broken where its quantile cannot be
// shown.
func TestBrokenWithFewRequests(t *testing.T) {
	p := statstest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P99: time.Microsecond}
	few(&p)
	g := analyse(t, statstest.Open(t, p)).Gates[0]
	const want = "399 of 399 requests took longer or failed, more than the 1 % that p99 leaves room for"
	if g.Observed != "> 1 µs" || g.Interval != "(1 µs, ∞)" || g.Why != want {
		t.Errorf("observed %q, interval %q, why %q", g.Observed, g.Interval, g.Why)
	}
}

// A single disagreement breaks a limit of one.
func TestOneDisagreementFails(t *testing.T) {
	p := statstest.Compare()
	p.SLO = record.SLO{Agreement: share(1)}
	run := statstest.Open(t, p)
	second(run).Answers.Agreed--
	if a := analyse(t, run); a.Verdict != stats.Fail {
		t.Errorf("verdict %s", a.Verdict)
	}
}

// Nothing to judge by is not a pass.
func TestUnknownIsInconclusive(t *testing.T) {
	p := statstest.Compare()
	p.Targets = p.Targets[:1]
	p.SLO = record.SLO{Agreement: share(1), Accuracy: share(0.5)}
	run := statstest.Open(t, p)
	for i := range run.Cells {
		run.Cells[i].Answers = record.Answers{}
	}
	for _, g := range analyse(t, run).Gates {
		if g.Verdict != stats.Inconclusive || g.Why == "" {
			t.Errorf("%+v", g)
		}
	}
}

// A target that was to run but has no cell leaves its limits undecided.
func TestTargetWithoutCellsIsInconclusive(t *testing.T) {
	run := statstest.Open(t, statstest.Compare())
	var kept []record.Cell
	for _, c := range run.Cells {
		if c.Target != "container" {
			kept = append(kept, c)
		}
	}
	run.Cells = kept
	for i := range run.Targets[1].Deployments {
		run.Targets[1].Deployments[i] = record.Deployment{Round: i + 1, Failed: "exit status 1"}
	}
	a := analyse(t, run)
	undecided := 0
	for _, g := range a.Gates {
		if g.Target == "container" && g.Verdict == stats.Inconclusive {
			undecided++
		}
		if g.Target == "vm" {
			t.Errorf("a gate for a target that is not there: %+v", g)
		}
	}
	if undecided != 3 || a.Verdict != stats.Inconclusive {
		t.Errorf("%d undecided, verdict %s", undecided, a.Verdict)
	}
}

// TestAskedForTargetIsUndecided has a target that is not available: of a built-in
// scenario it is left out, and one that was asked for leaves its limits undecided.
func TestAskedForTargetIsUndecided(t *testing.T) {
	for asked, want := range map[bool]stats.Verdict{false: stats.Pass, true: stats.Inconclusive} {
		run := statstest.Open(t, statstest.Compare())
		run.Scenario.SLO.ColdStart = time.Minute
		run.Targets[2].Asked = asked
		a := analyse(t, run)
		undecided := 0
		for _, g := range a.Gates {
			if g.Target == "vm" && g.Verdict == stats.Inconclusive && strings.HasPrefix(g.Why, "the target is not available here: qemu-system-x86_64 is not installed") {
				undecided++
			}
		}
		if a.Verdict != want || asked != (undecided == 4) {
			t.Errorf("asked %t: %s, %d undecided, want %s", asked, a.Verdict, undecided, want)
		}
	}
}

// failing is a share of requests that fail.
func failing(share float64) []statstest.Error {
	return []statstest.Error{{Class: "closed", Example: "connection reset by peer", Share: share}}
}

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		gates []stats.Verdict
		want  stats.Verdict
	}{
		{nil, stats.NoLimit},
		{[]stats.Verdict{stats.Pass, stats.Pass}, stats.Pass},
		{[]stats.Verdict{stats.Inconclusive, stats.Pass}, stats.Inconclusive},
		{[]stats.Verdict{stats.Pass, stats.Fail, stats.Inconclusive}, stats.Fail},
		{[]stats.Verdict{stats.InvalidInstrument, stats.Fail}, stats.InvalidInstrument},
	} {
		var gates []stats.Gate
		for _, v := range tt.gates {
			gates = append(gates, stats.Gate{Verdict: v})
		}
		if got := stats.Worst(gates); got != tt.want {
			t.Errorf("worst of %v: %s", tt.gates, got)
		}
	}
}

// TestClusteredFailuresDecideNothing: one hiccup in one of five rounds says little of
// other rounds, whatever the limit that it breaks, and however many requests failed in
// it. What fails in all rounds alike does, and so does what fails in none.
func TestClusteredFailuresDecideNothing(t *testing.T) {
	limits := map[string]record.SLO{
		"error rate":       {Errors: share(0.01)},
		"p99":              {P99: time.Second},
		"p99 service time": {Service: record.Quantiles{P99: time.Second}},
		"p99, few seconds": {P99: time.Second},
		"p99.9, too few":   {P999: time.Second},
	}
	for name, slo := range limits {
		t.Run(name, func(t *testing.T) {
			p := statstest.Compare()
			p.Targets, p.SLO, p.Rounds = p.Targets[:1], slo, 5
			p.Phases[1].Rate, p.Phases[1].Arrivals = 100, "constant"
			if name == "p99, few seconds" {
				p.Phases[1].Rate, p.Phases[1].Duration = 1000, time.Second
			}
			for _, tt := range []struct {
				hiccup  int64
				failing float64
				want    stats.Verdict
			}{
				{0, 0, stats.Pass}, {100, 0, stats.Inconclusive}, {0, 0.03, stats.Fail},
			} {
				p.Targets[0].Hiccup, p.Targets[0].Errors = tt.hiccup, failing(tt.failing)
				if name == "p99.9, too few" && tt.want == stats.Pass {
					continue
				}
				a := analyse(t, statstest.Open(t, p))
				if a.Verdict != tt.want {
					t.Errorf("%d in a row, %v everywhere: %s, want %s: %+v", tt.hiccup, tt.failing, a.Verdict, tt.want, a.Gates)
				}
			}
		})
	}
}

// TestNoFailureInFiveRounds passes, and says what so few rounds do not show.
func TestNoFailureInFiveRounds(t *testing.T) {
	p := statstest.Compare()
	p.Targets, p.SLO, p.Rounds = p.Targets[:1], record.SLO{Errors: share(0.001)}, 5
	p.Phases[1].Rate, p.Phases[1].Arrivals = 100, "constant"
	a := analyse(t, statstest.Open(t, p))
	const want = "The limits are judged for rounds like these 5: a fault that occurs in up to 52.2 % of rounds may be in none of them."
	if a.Verdict != stats.Pass || a.RoundsLine() != want {
		t.Errorf("%s: %+v\n%s", a.Verdict, a.Gates, a.RoundsLine())
	}
	p.Rounds = 1
	if line := analyse(t, statstest.Open(t, p)).RoundsLine(); line != "The limits are judged by 1 round, which does not show how others differ from it." {
		t.Error(line)
	}
	p.SLO = record.SLO{}
	if line := analyse(t, statstest.Open(t, p)).RoundsLine(); line != "" {
		t.Errorf("without a limit: %s", line)
	}
}
