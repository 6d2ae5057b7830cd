package analysis_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

func soFar(t *testing.T, run *record.Run) *ab.Result {
	t.Helper()
	d, err := ab.SoFar(run)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A round in which a server did not come up has no pair: that is no matter of speed,
// and a candidate whose server is lost more often does not pass.
func TestABWithALostPair(t *testing.T) {
	p := recordtest.ABTest()
	p.Rounds = 16
	p.Targets[1].StartFails = []int{4}
	a := analyse(t, recordtest.Open(t, p))
	d := a.AB
	if d.Pairs != 15 || !slices.Equal(d.Lost, []int{4}) || d.Interim != 2 || d.Verdict != record.Inconclusive {
		t.Fatalf("%+v", d)
	}
	if why := sentence.ABWhy(a); !strings.Contains(why, "did not last in round 4") {
		t.Errorf("why: %q", why)
	}
	if e := d.Errors[0]; e.Candidate.K == 0 || e.Baseline.K != 0 || e.Verdict != record.Inconclusive {
		t.Errorf("the requests of a server that did not come up are no errors: %+v", e)
	}
	for _, m := range d.Metrics {
		if len(m.Pairs) != 15 || m.Verdict != record.Pass {
			t.Errorf("%s: %d pairs, %s", m.Name, len(m.Pairs), m.Verdict)
		}
	}
	if !slices.Contains(rules(a), "lost-pairs") || slices.Contains(rules(a), "missing-rounds") {
		t.Errorf("diagnostics %v", rules(a))
	}

	p.Targets[0].StartFails = []int{9}
	if d := soFar(t, recordtest.Open(t, p)); d.Verdict != record.Pass || d.Pairs != 14 {
		t.Errorf("lost as often as the baseline: %s, %d pairs", d.Verdict, d.Pairs)
	}
}

// A candidate that comes up in no round fails, though there is no latency to compare.
func TestABOfACandidateThatNeverComesUp(t *testing.T) {
	p := recordtest.ABTest()
	for round := 1; round <= p.Rounds; round++ {
		p.Targets[1].StartFails = append(p.Targets[1].StartFails, round)
	}
	d := soFar(t, recordtest.Open(t, p))
	if d.Verdict != record.Fail || d.Pairs != 0 || d.Errors[0].Candidate.Value != 1 || d.Errors[0].P != math.Pow(2, -11) {
		t.Errorf("%+v", d)
	}
	if m := d.Metrics[0]; m.Ratio != 1 || m.Low != 0 || !math.IsInf(m.High, 1) || m.Verdict != record.Inconclusive {
		t.Errorf("without pairs: %+v", m)
	}
}

// Rounds in which the candidate alone had too few requests to know a quantile are those
// in which it was slow: what is left does not make it pass.
func TestABWithoutFiguresOfTheCandidate(t *testing.T) {
	p := recordtest.ABTest()
	p.Rounds, p.AB.Metrics = 16, []string{record.MetricP90}
	run := recordtest.Open(t, p)
	few := func(variant string, rounds ...int) {
		for i := range run.Cells {
			if c := &run.Cells[i]; c.Measured && c.Target == variant && slices.Contains(rounds, c.Round) {
				c.Ledger.Scheduled, c.Ledger.Sent, c.Ledger.OK = 50, 50, 50
			}
		}
	}
	few(record.Candidate, 3, 5)
	d := soFar(t, run)
	if p90 := d.Metrics[0]; d.Verdict != record.Inconclusive || len(p90.Pairs) != 14 || p90.Verdict != record.Inconclusive || !slices.Equal(p90.Unmatched, []int{3, 5}) || !p90.Held {
		t.Errorf("%s: %+v", d.Verdict, p90)
	}
	if why := sentence.MetricWhy(d, d.Metrics[0]); !strings.HasPrefix(why, "the baseline has a figure of it in rounds 3, 5, and the candidate none") {
		t.Errorf("why: %q", why)
	}
	few(record.Baseline, 4, 7)
	if d := soFar(t, run); d.Verdict != record.Pass {
		t.Errorf("as often without figures of the baseline: %s: %+v", d.Verdict, d.Metrics)
	}
}

// One bad round is a cluster, not surely a regression, however many requests fail in it;
// nor does such a candidate pass. What chance alone gives does not keep it from that.
func TestABErrorsRespectRounds(t *testing.T) {
	run := recordtest.Open(t, recordtest.ABTest())
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Measured && c.Target == record.Candidate && c.Round == 3 {
			c.Ledger.Failed, c.Ledger.OK = c.Ledger.OK/3, c.Ledger.OK-c.Ledger.OK/3
		}
	}
	d := soFar(t, run)
	if e := d.Errors[0]; e.P != 0.5 || e.Verdict != record.Inconclusive || e.Candidate.K < 100 {
		t.Errorf("%+v", e)
	}
	if d.Verdict != record.Inconclusive || d.Command == "" || !strings.HasSuffix(sentence.ErrorsWhy(d, d.Errors[0]), "in too few rounds to be sure") {
		t.Errorf("%s: %+v", d.Verdict, d.Errors)
	}
	p := recordtest.ABTest()
	for i := range p.Targets {
		p.Targets[i].Errors = []recordtest.Error{{Class: "timeout", Share: 0.01}}
	}
	if e := soFar(t, recordtest.Open(t, p)).Errors[0]; e.Verdict != record.Pass || e.Candidate.K == 0 {
		t.Errorf("as many errors in both variants: %+v", e)
	}
}

// A quantile that falls on failed requests is slower than any time, and stays so in
// the estimate; the same in both variants says nothing.
func TestABOfFailedRequests(t *testing.T) {
	p := recordtest.ABTest()
	p.Targets[1].Errors = []recordtest.Error{{Class: "timeout", Share: 0.3}}
	d := soFar(t, recordtest.Open(t, p))
	p50, p90 := d.Metrics[0], d.Metrics[1]
	if math.IsInf(p50.Ratio, 1) || p50.Ratio < 1.03 {
		t.Errorf("p50 of answers and failures: %+v", p50.Ratio)
	}
	if !math.IsInf(p90.Ratio, 1) || p90.Verdict != record.Fail || !strings.Contains(sentence.MetricLine(d, p90), "no answer") {
		t.Errorf("p90: %+v", p90)
	}
	p.Targets[0].Errors = p.Targets[1].Errors
	if m := soFar(t, recordtest.Open(t, p)).Metrics[1]; len(m.Pairs) != 0 || m.Verdict != record.Inconclusive {
		t.Errorf("neither variant answers at p90: %+v", m)
	}
}

// Equal figures in both variants, as of a goodput that is the rate, are ties of no
// difference: the candidate passes.
func TestABOfTies(t *testing.T) {
	p := recordtest.ABTest()
	p.AB.Metrics = []string{record.MetricGoodput, record.MetricCPU}
	d := soFar(t, recordtest.Open(t, p))
	if d.Verdict != record.Pass {
		t.Errorf("%+v", d)
	}
	for _, m := range d.Metrics {
		if math.Abs(m.Ratio-1) > 0.01 || m.P < 0.5 {
			t.Errorf("%s: ratio %v, p %v", m.Name, m.Ratio, m.P)
		}
	}
}

// TestABOfFewRequestsHasNoGoodput: eleven rounds of a request each that is answered
// rightly do not differ, and say nothing of one that fails every twentieth.
func TestABOfFewRequestsHasNoGoodput(t *testing.T) {
	p := recordtest.ABTest()
	p.AB.Metrics = []string{record.MetricGoodput}
	p.Phases[1].Arrivals, p.Phases[1].Rate = "constant", 1.5
	d := soFar(t, recordtest.Open(t, p))
	if m := d.Metrics[0]; d.Verdict != record.Inconclusive || m.Ratio != 1 || m.Low > 0.9 || m.High < 1.1 {
		t.Errorf("%s: %+v", d.Verdict, m)
	}
}

// Starts are compared once for all phases, and rounds with too few requests say
// nothing.
func TestABMetrics(t *testing.T) {
	p := recordtest.ABTest()
	p.AB.Metrics = []string{record.MetricP50, record.MetricP99, record.MetricColdStart}
	p.Targets[1].Start *= 2
	p.Phases = append(p.Phases, p.Phases[1])
	p.Phases[2].Name = "again"
	a := analyse(t, recordtest.Open(t, p))
	var got []string
	for _, m := range a.AB.Metrics {
		got = append(got, m.Phase+" "+m.Name)
	}
	if diff := cmp.Diff([]string{"steady p50", "steady p99", "again p50", "again p99", " cold start"}, got); diff != "" {
		t.Error(diff)
	}
	if m := a.AB.Metrics[1]; len(m.Pairs) != 0 || sentence.MetricWhy(a.AB, m) == "" || !slices.Contains(rules(a), "few-pairs") {
		t.Errorf("p99 of 400 requests: %+v; diagnostics %v", m, rules(a))
	}
	if m := a.AB.Metrics[4]; m.N != 11 || m.Ratio < 1.9 || m.Ratio > 2.1 {
		t.Errorf("cold start: %+v", m)
	}
}

// The first interim analysis that decides is the last one: what is seen later changes nothing.
func TestABEndsAtTheFirstInterimThatDecides(t *testing.T) {
	p := recordtest.Slower()
	p.Rounds = 16
	if d := soFar(t, recordtest.Open(t, p)); d.Interim != 1 || d.Verdict != record.Fail || len(d.Metrics[0].Interims) != 1 || len(d.Metrics[0].Pairs) != 16 {
		t.Errorf("%+v", d)
	}
	p.AB.Same = true
	if d := soFar(t, recordtest.Open(t, p)); d.Interim != 2 || d.Decided() || len(d.Metrics[0].Interims) != 2 {
		t.Errorf("a server with itself is analysed to the end: %+v", d)
	}
}

func TestABSaysHowManyRoundsWouldSettleIt(t *testing.T) {
	p := recordtest.Undecided()
	run := recordtest.Open(t, p)
	d := soFar(t, run)
	if d.More <= 30 || !strings.Contains(d.Command, "ab --continue "+run.Dir+" --rounds ") {
		t.Errorf("after the plan: %d rounds, %q", d.More, d.Command)
	}
	p.AB.Metrics = []string{record.MetricP50, record.MetricP99}
	p.Targets[1].Service = 850 * time.Microsecond
	if d := soFar(t, recordtest.Open(t, p)); len(d.Metrics[1].Pairs) != 0 || d.Metrics[0].Ratio < 1.03 || d.More <= 30 {
		t.Errorf("to fail takes p50 alone, which is %v: %d rounds", d.Metrics[0].Ratio, d.More)
	}
	for range 4 {
		p.AB.Interims = append(p.AB.Interims, record.Interim{Pairs: 30, Alpha: 0.0005, Beta: 0.005})
	}
	if d := soFar(t, recordtest.Open(t, p)); d.Interim != 8 || d.More != 0 || d.Command != "" {
		t.Errorf("continued four times: interim analysis %d, %d rounds, %q", d.Interim, d.More, d.Command)
	}
	early := recordtest.Slower()
	early.Rounds, early.Interrupted = 7, "stopped before round 8"
	a := analyse(t, recordtest.Open(t, early))
	if a.AB.More != 11 || a.AB.Command == "" || !strings.Contains(a.Diagnostics[0].Action, "--continue") {
		t.Errorf("interrupted: %d rounds, %q, %+v", a.AB.More, a.AB.Command, a.Diagnostics)
	}
}

// A trial that was stopped is no round, even if the other variant has it.
func TestABLeavesOutWhatWasStopped(t *testing.T) {
	p := recordtest.ABTest()
	p.Rounds = 12
	p.Targets[0].StopsAt = 500 * time.Millisecond
	d := soFar(t, recordtest.Open(t, p))
	if d.Pairs != 11 || len(d.Lost) != 0 || d.Verdict != record.Pass {
		t.Errorf("%+v", d)
	}
}

// The figures that reports show are those of the pairs, and the order is told.
func TestABPairs(t *testing.T) {
	m := soFar(t, recordtest.Open(t, recordtest.ABTest())).Metrics[0]
	for _, pair := range m.Pairs {
		if pair.CandidateFirst != (pair.Round%2 == 0) {
			t.Errorf("round %d: candidate first %t", pair.Round, pair.CandidateFirst)
		}
	}
	if b, c := m.Typical(); b < 0.7e6 || b > 0.9e6 || c < 0.7e6 || c > 0.9e6 || m.Spread <= 0 || m.Spread > 0.1 {
		t.Errorf("typical %v, %v, spread %v", b, c, m.Spread)
	}
}

// The floor grows with the noise, and is no less than what the bounds of the plan's
// last interim analysis can tell.
func TestNoise(t *testing.T) {
	p := recordtest.ABTest()
	p.AB.Same, p.Rounds = true, 30
	quiet := analysis.Noise(analyse(t, recordtest.Open(t, p)))
	p = recordtest.Undecided()
	p.AB.Same = true
	loud := analysis.Noise(analyse(t, recordtest.Open(t, p)))
	for _, name := range p.AB.Metrics {
		if q, l := quiet.Floors[name], loud.Floors[name]; q <= 0 || q > 0.03 || l < 2*q || l > 0.2 {
			t.Errorf("%s: quiet %v, loud %v", name, q, l)
		}
	}
	if quiet.Rounds != 30 {
		t.Errorf("%d rounds", quiet.Rounds)
	}
	p.Rounds = 5
	if few := analysis.Noise(analyse(t, recordtest.Open(t, p))); len(few.Floors) != 0 {
		t.Errorf("five rounds tell a floor: %+v", few)
	}
	for p.Rounds = range 2 {
		if none := analysis.Noise(analyse(t, recordtest.Open(t, p))); len(none.Floors) != 0 {
			t.Errorf("%d rounds say that the floors are %v", p.Rounds, none.Floors)
		}
	}
}

// A round that was interrupted is rerun as a whole: the instrument is not to
// blame.
func TestABContinuedAfterAnInterruption(t *testing.T) {
	run := recordtest.Open(t, recordtest.ABTest())
	for _, c := range run.Cells {
		if c.Round == 11 && c.Target == record.Baseline {
			c.Discarded, c.Stopped, c.Attempt = record.RoundInterrupted, true, 0
			run.Cells = append(run.Cells, c)
		}
	}
	a := analyse(t, run)
	if a.AB.Verdict != record.Pass || a.AB.Pairs != 11 || slices.Contains(rules(a), "discarded") {
		t.Errorf("%+v; diagnostics %v", a.AB, rules(a))
	}
}
