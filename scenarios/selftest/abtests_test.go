package selftest

import (
	"strings"
	"testing"
	"time"

	judged "servebench/reports/analysis/ab"
	"servebench/reports/record"
)

// realABTests counts the verdicts of A/B tests of the same server and of a slower one.
func realABTests(same, slower []record.Verdict) ABProof {
	p := ABProof{ABTests: 20, Change: 0.2, Median: 500 * time.Microsecond, Delay: 100 * time.Microsecond}
	p.Same.Noise, p.Slower.Noise, p.Slower.Change = "real", "real", 0.2
	for _, v := range same {
		p.Same.count(&judged.Result{Verdict: v, Pairs: 10})
	}
	for _, v := range slower {
		p.Slower.count(&judged.Result{Verdict: v, Pairs: 16})
	}
	return p
}

func times(n int, v record.Verdict) []record.Verdict {
	all := make([]record.Verdict, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func TestRealOutcome(t *testing.T) {
	for _, tt := range []struct {
		name         string
		same, slower []record.Verdict
		wrong        int // messages
		invalid      int
	}{
		{"as it should be", times(5, record.Pass), times(5, record.Fail), 0, 0},
		{"one false alarm may be chance", append(times(9, record.Pass), record.Fail), times(10, record.Fail), 0, 0},
		{"two in ten are none", append(times(8, record.Pass), times(2, record.Fail)...), times(10, record.Fail), 1, 0},
		{"one miss may be chance", times(10, record.Pass), append(times(9, record.Fail), record.Inconclusive), 0, 0},
		{"three in ten are none", times(10, record.Pass), append(times(7, record.Fail), times(3, record.Pass)...), 1, 0},
		{"none can be believed", times(3, record.InvalidInstrument), times(3, record.Fail), 0, 1},
		{"none of the slower ones can be believed", times(3, record.Pass), times(3, record.InvalidInstrument), 0, 1},
		{"ended before the slower one", times(1, record.Pass), nil, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := realABTests(tt.same, tt.slower)
			if len(p.Wrong()) != tt.wrong || len(p.Invalid()) != tt.invalid {
				t.Errorf("wrong %v, invalid %v; want %d and %d", p.Wrong(), p.Invalid(), tt.wrong, tt.invalid)
			}
		})
	}
}

func TestWriteReal(t *testing.T) {
	p := realABTests(append(times(9, record.Pass), record.InvalidInstrument), times(10, record.Fail))
	var text strings.Builder
	if err := p.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"same      9     0      0.00 [0.00, 33.63]     9", "+20 %     10    10  100.00 [69.15, 100.00]", "answers 100µs later"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	got := p.Document()
	if got.Schema != "servebench.prove-real/v2" || !got.Pass || len(got.Cells) != 2 {
		t.Fatalf("got %+v", got)
	}
	if c := got.Cells[0]; c.Fail.N != 9 || c.Invalid != 1 || c.Pass.K != 9 || c.MeanPairs() != 10 {
		t.Errorf("same server: %+v", c)
	}
}

func TestMedianOf(t *testing.T) {
	d := &judged.Result{Metrics: []judged.Metric{
		{Name: record.MetricP90, Pairs: []judged.Pair{{Baseline: 9e6}}},
		{Name: record.MetricP50, Pairs: []judged.Pair{{Baseline: 3e6}, {Baseline: 1e6}, {Baseline: 2e6}}},
	}}
	if got := medianOf(d); got != 2*time.Millisecond {
		t.Errorf("median %v, want 2ms", got)
	}
	if got := medianOf(&judged.Result{}); got != 0 {
		t.Errorf("median of nothing %v, want 0", got)
	}
}

// TestFindDelay: an A/B test that cannot be believed tells no median.
func TestFindDelay(t *testing.T) {
	d := &judged.Result{Verdict: record.InvalidInstrument, Metrics: []judged.Metric{{Name: record.MetricP50, Pairs: []judged.Pair{{Baseline: 2e6}}}}}
	p := ABProof{Change: 0.2}
	if err := p.findDelay(d, ""); err != nil || p.Delay != 0 || p.Median != 0 {
		t.Errorf("not believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	d.Verdict = record.Pass
	if err := p.findDelay(d, ""); err != nil || p.Delay != 400*time.Microsecond || p.Median != 2*time.Millisecond {
		t.Errorf("believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	if err := p.findDelay(&judged.Result{}, "nothing was measured"); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
		t.Errorf("without pairs: %v", err)
	}
}
