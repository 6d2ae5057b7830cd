package analysis_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/gate"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

func share(v float64) *float64 { return &v }

// TestGates judges one target under one limit at a time.
func TestGates(t *testing.T) {
	for _, tt := range []struct {
		name string
		slo  record.SLO
		set  func(*recordtest.Plan)
		want record.Verdict
	}{
		{"quantile under its limit", record.SLO{P99: 10 * time.Millisecond}, nil, record.Pass},
		{"quantile over its limit", record.SLO{P99: time.Millisecond}, nil, record.Fail},
		{"limit inside the interval", record.SLO{P99: 1895 * time.Microsecond}, nil, record.Inconclusive},
		{"too few for the quantile, and for the share beyond its limit", record.SLO{P999: time.Second}, few, record.Inconclusive},
		{"too few for the quantile, and enough for the share beyond its limit", record.SLO{P999: time.Second},
			func(p *recordtest.Plan) { p.Rounds = 1 }, record.Pass},
		{"too few for the quantile, and all of them too slow", record.SLO{P99: time.Microsecond}, few, record.Fail},
		{"too few for the quantile, and all of them fast", record.SLO{P99: time.Minute}, few, record.Pass},
		{"too few for the quantile, and two of them failed", record.SLO{P99: time.Minute},
			func(p *recordtest.Plan) { few(p); p.Targets[0].Errors = failing(0.005) }, record.Inconclusive},
		{"fast answers do not make up for refused ones", record.SLO{P99: time.Second},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.03) }, record.Fail},
		{"a few refused ones are within p99", record.SLO{P99: time.Second},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.003) }, record.Pass},
		{"a server that died in one round of three", record.SLO{P99: time.Second},
			func(p *recordtest.Plan) { p.Targets[0].DiesAt = 2 * time.Second }, record.Inconclusive},
		{"errors under the limit", record.SLO{Errors: share(0.02)},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.01) }, record.Pass},
		{"errors over the limit", record.SLO{Errors: share(0.005)},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.01) }, record.Fail},
		{"errors too near to the limit", record.SLO{Errors: share(0.01)},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.01) }, record.Inconclusive},
		{"no error where none is allowed", record.SLO{Errors: share(0)}, nil, record.Pass},
		{"errors where none is allowed", record.SLO{Errors: share(0)},
			func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.001) }, record.Fail},
		{"all agree", record.SLO{Agreement: share(1)}, nil, record.Pass},
		{"one in a thousand disagrees", record.SLO{Agreement: share(1)},
			func(p *recordtest.Plan) { p.Targets[0].Wrong = 0.001 }, record.Fail},
		{"accuracy above its limit", record.SLO{Accuracy: share(0.9)}, nil, record.Pass},
		{"accuracy below its limit", record.SLO{Accuracy: share(0.95)}, nil, record.Fail},
		{"accuracy too near to its limit", record.SLO{Accuracy: share(0.93)}, nil, record.Inconclusive},
		{"no limit", record.SLO{}, nil, record.NoLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := recordtest.Compare()
			p.Targets, p.SLO = p.Targets[:1], tt.slo
			if tt.set != nil {
				tt.set(&p)
			}
			a := analyse(t, recordtest.Open(t, p))
			if a.Verdict != tt.want {
				t.Errorf("verdict %q, want %q: %+v", a.Verdict, tt.want, a.Gates)
			}
			for _, g := range a.Gates {
				if why := sentence.NewLimit(g).Why; (why == "") != (g.Verdict == record.Pass) {
					t.Errorf("%s: why %q", g.Verdict, why)
				}
			}
		})
	}
}

// TestUndecidedAccuracy says what decides an accuracy: more rounds where they ask with
// examples that were not asked with yet, else more examples where there are any.
func TestUndecidedAccuracy(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{Accuracy: share(0.93)}
	run := recordtest.Open(t, p)
	const open = "the limit lies inside the interval: "
	for _, tt := range []struct {
		corpus, batch int
		data          *record.DataFile
		more          int
		why           string
	}{
		{100_000, 1, nil, 11, "at this share it takes about 11,000 answers to decide, 11 rounds in all"},
		{2000, 1, nil, 0, "at this share it takes about 11,000 different examples to decide, and the run asks with 2,000: raise data.corpus to 11,000 and send as many requests"},
		{2000, 1, &record.DataFile{Records: 2000}, 0, "at this share it takes about 11,000 different examples to decide, and the data file holds only 2,000: add records to it; more rounds ask the same again"},
		{2000, 1, &record.DataFile{Records: 5000}, 0, "at this share it takes about 11,000 different examples to decide, and the data file holds only 5,000, of which the run asks with 2,000: add records to it, and leave data.corpus out"},
		{200, 10, &record.DataFile{Records: 50_000}, 0, "at this share it takes about 11,000 different examples to decide, and the run asks with 2,000: raise data.corpus to 1,100 and send as many requests"},
		{200, 10, &record.DataFile{Records: 2007}, 0, "at this share it takes about 11,000 different examples to decide, and the data file holds only 2,007: add records to it; more rounds ask the same again"},
	} {
		run.Scenario.Corpus, run.Scenario.Batch, run.Scenario.Data = tt.corpus, tt.batch, tt.data
		for i := range run.Cells {
			run.Cells[i].Answers = record.Answers{Labelled: 1000, Correct: 925} // in each of 3 rounds
		}
		g := analyse(t, run).Gates[0]
		if why := sentence.NewLimit(g).Why; g.Verdict != record.Inconclusive || g.More != tt.more || why != open+tt.why {
			t.Errorf("%+v: %s, %d rounds in all\n%s\nwant\n%s", tt, g.Verdict, g.More, why, open+tt.why)
		}
	}
}

// few makes the run 400 requests long.
func few(p *recordtest.Plan) {
	p.Rounds = 1
	p.Phases[1].Arrivals, p.Phases[1].Rate = "constant", 40
}

// A limit that is certainly broken reads as broken where its quantile cannot be
// shown.
func TestBrokenWithFewRequests(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P99: time.Microsecond}
	few(&p)
	g := sentence.NewLimit(analyse(t, recordtest.Open(t, p)).Gates[0])
	const want = "399 of 399 requests took longer or failed, more than the 1 % that p99 leaves room for"
	if g.Observed != "> 1 µs" || g.Interval != "(1 µs, ∞)" || g.Why != want {
		t.Errorf("observed %q, interval %q, why %q", g.Observed, g.Interval, g.Why)
	}
}

// A limit that is certainly kept reads as kept where its quantile cannot be shown, and one
// that is not yet says how many requests would decide.
func TestKeptWithFewRequests(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P99: time.Minute, P999: time.Minute}
	few(&p)
	gates := analyse(t, recordtest.Open(t, p)).Gates
	kept, open := sentence.NewLimit(gates[0]), sentence.NewLimit(gates[1])
	const want = "0 of 399 requests took longer or failed: of all, at most 0.92 % may, and p99 leaves room for 1 %"
	if kept.Observed != "≤ 60 s" || kept.Interval != "(0, 60 s]" || kept.Note != want || kept.Why != "" {
		t.Errorf("%+v", kept)
	}
	const why = "0 of 399 requests took longer or failed: at this share it takes about 3,800 requests to decide, 10 rounds in all"
	if open.Observed != "n too small" || open.Why != why {
		t.Errorf("%+v", open)
	}
}

// None of few requests is beyond the limit, but the slowest of them came in one round: they
// are worth fewer, which is said.
func TestFewRequestsInClusters(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO = p.Targets[:1], record.SLO{P99: time.Minute}
	p.Phases[1].Arrivals, p.Phases[1].Rate = "constant", 20
	p.Targets[0].Drift = 0.6 // from round to round
	g := analyse(t, recordtest.Open(t, p)).Gates[0]
	l := sentence.NewLimit(g)
	if g.Verdict != record.Inconclusive || g.Effective <= 0 || g.Effective > 369 || !strings.Contains(l.Note, "the interval is as wide as that of about ") {
		t.Errorf("%+v: %+v", g, l)
	}
}

// A single disagreement breaks a limit of one.
func TestOneDisagreementFails(t *testing.T) {
	p := recordtest.Compare()
	p.SLO = record.SLO{Agreement: share(1)}
	run := recordtest.Open(t, p)
	second(run).Answers.Agreed--
	if a := analyse(t, run); a.Verdict != record.Fail {
		t.Errorf("verdict %s", a.Verdict)
	}
}

// Nothing to judge by is not a pass.
func TestUnknownIsInconclusive(t *testing.T) {
	p := recordtest.Compare()
	p.Targets = p.Targets[:1]
	p.SLO = record.SLO{Agreement: share(1), Accuracy: share(0.5)}
	run := recordtest.Open(t, p)
	for i := range run.Cells {
		run.Cells[i].Answers = record.Answers{}
	}
	for _, g := range analyse(t, run).Gates {
		if g.Verdict != record.Inconclusive || sentence.NewLimit(g).Why == "" {
			t.Errorf("%+v", g)
		}
	}
}

// A target that was to run but has no cell leaves its limits undecided.
func TestTargetWithoutCellsIsInconclusive(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
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
		if g.Target == "container" && g.Verdict == record.Inconclusive {
			undecided++
		}
		if g.Target == "vm" {
			t.Errorf("a gate for a target that is not there: %+v", g)
		}
	}
	if undecided != 3 || a.Verdict != record.Inconclusive {
		t.Errorf("%d undecided, verdict %s", undecided, a.Verdict)
	}
}

// TestAskedForTargetIsUndecided has a target that is not available: of a built-in
// scenario it is left out, and one that was asked for leaves its limits undecided.
func TestAskedForTargetIsUndecided(t *testing.T) {
	for asked, want := range map[bool]record.Verdict{false: record.Pass, true: record.Inconclusive} {
		run := recordtest.Open(t, recordtest.Compare())
		run.Scenario.SLO.ColdStart = time.Minute
		run.Targets[2].Asked = asked
		a := analyse(t, run)
		undecided := 0
		for _, g := range a.Gates {
			if g.Target == "vm" && g.Verdict == record.Inconclusive && strings.HasPrefix(sentence.NewLimit(g).Why, "the target is not available here: qemu-system-x86_64 is not installed") {
				undecided++
			}
		}
		if a.Verdict != want || asked != (undecided == 4) {
			t.Errorf("asked %t: %s, %d undecided, want %s", asked, a.Verdict, undecided, want)
		}
	}
}

// failing is a share of requests that fail.
func failing(share float64) []recordtest.Error {
	return []recordtest.Error{{Class: "closed", Example: "connection reset by peer", Share: share}}
}

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		gates []record.Verdict
		want  record.Verdict
	}{
		{nil, record.NoLimit},
		{[]record.Verdict{record.Pass, record.Pass}, record.Pass},
		{[]record.Verdict{record.Inconclusive, record.Pass}, record.Inconclusive},
		{[]record.Verdict{record.Pass, record.Fail, record.Inconclusive}, record.Fail},
		{[]record.Verdict{record.InvalidInstrument, record.Fail}, record.InvalidInstrument},
	} {
		var gates []gate.Gate
		for _, v := range tt.gates {
			gates = append(gates, gate.Gate{Verdict: v})
		}
		if got := gate.Worst(gates); got != tt.want {
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
			p := recordtest.Compare()
			p.Targets, p.SLO, p.Rounds = p.Targets[:1], slo, 5
			p.Phases[1].Rate, p.Phases[1].Arrivals = 100, "constant"
			if name == "p99, few seconds" {
				p.Phases[1].Rate, p.Phases[1].Duration = 1000, time.Second
			}
			for _, tt := range []struct {
				hiccup  int64
				failing float64
				want    record.Verdict
			}{
				{0, 0, record.Pass}, {100, 0, record.Inconclusive}, {0, 0.03, record.Fail},
			} {
				p.Targets[0].Hiccup, p.Targets[0].Errors = tt.hiccup, failing(tt.failing)
				if name == "p99.9, too few" && tt.want == record.Pass {
					continue
				}
				a := analyse(t, recordtest.Open(t, p))
				if a.Verdict != tt.want {
					t.Errorf("%d in a row, %v everywhere: %s, want %s: %+v", tt.hiccup, tt.failing, a.Verdict, tt.want, a.Gates)
				}
			}
		})
	}
}

// TestNoFailureInFiveRounds passes, and says what so few rounds do not show.
func TestNoFailureInFiveRounds(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO, p.Rounds = p.Targets[:1], record.SLO{Errors: share(0.001)}, 5
	p.Phases[1].Rate, p.Phases[1].Arrivals = 100, "constant"
	a := analyse(t, recordtest.Open(t, p))
	const want = "With 5 rounds, a fault that occurs in up to 52.2 % of rounds may have been missed."
	if a.Verdict != record.Pass || sentence.RoundsLine(a) != want {
		t.Errorf("%s: %+v\n%s", a.Verdict, a.Gates, sentence.RoundsLine(a))
	}
	p.Rounds = 1
	if line := sentence.RoundsLine(analyse(t, recordtest.Open(t, p))); line != "With 1 round, the variation between rounds is unknown." {
		t.Error(line)
	}
	p.SLO = record.SLO{}
	if line := sentence.RoundsLine(analyse(t, recordtest.Open(t, p))); line != "" {
		t.Errorf("without a limit: %s", line)
	}
}
