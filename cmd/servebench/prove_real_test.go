package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/ab"
	"servebench/reports/record"
)

// realABTests counts the verdicts of A/B tests of the same server and of a slower one.
func realABTests(same, slower []record.Verdict) realProof {
	p := realProof{ABTests: 20, Change: 0.2, Median: 500 * time.Microsecond, Delay: 100 * time.Microsecond}
	p.Same.Noise, p.Slower.Noise, p.Slower.Change = "real", "real", 0.2
	for _, v := range same {
		p.Same.count(&ab.Result{Verdict: v, Pairs: 10})
	}
	for _, v := range slower {
		p.Slower.count(&ab.Result{Verdict: v, Pairs: 16})
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
		want         int
	}{
		{"as it should be", times(5, record.Pass), times(5, record.Fail), exitOK},
		{"one false alarm may be chance", append(times(9, record.Pass), record.Fail), times(10, record.Fail), exitOK},
		{"two in ten are none", append(times(8, record.Pass), times(2, record.Fail)...), times(10, record.Fail), exitFailed},
		{"one miss may be chance", times(10, record.Pass), append(times(9, record.Fail), record.Inconclusive), exitOK},
		{"three in ten are none", times(10, record.Pass), append(times(7, record.Fail), times(3, record.Pass)...), exitFailed},
		{"none can be believed", times(3, record.InvalidInstrument), times(3, record.Fail), exitInvalid},
		{"none of the slower ones can be believed", times(3, record.Pass), times(3, record.InvalidInstrument), exitInvalid},
		{"ended before the slower one", times(1, record.Pass), nil, exitOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := realABTests(tt.same, tt.slower).outcome()
			code := exitOK
			if exit, ok := errors.AsType[*exitError](err); ok {
				code = exit.code
			}
			if code != tt.want {
				t.Errorf("exit code %d (%v), want %d", code, err, tt.want)
			}
		})
	}
}

func TestWriteReal(t *testing.T) {
	p := realABTests(append(times(9, record.Pass), record.InvalidInstrument), times(10, record.Fail))
	var text, doc strings.Builder
	if err := errors.Join(writeReal(&text, p), writeRealJSON(&doc, p)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"same      9     0      0.00 [0.00, 33.63]     9", "+20 %     10    10  100.00 [69.15, 100.00]", "answers 100µs later"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	var got realDocument
	if err := json.Unmarshal([]byte(doc.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != "servebench.prove-real/v1" || !got.Pass || len(got.Cells) != 2 {
		t.Fatalf("got %+v", got)
	}
	if c := got.Cells[0]; c.ABTests != 9 || c.Invalid != 1 || c.Pass != 1 || c.FailHigh < 0.336 || c.FailHigh > 0.337 || c.MeanPairs != 10 {
		t.Errorf("same server: %+v", c)
	}
}

func TestMedianOf(t *testing.T) {
	d := &ab.Result{Metrics: []ab.Metric{
		{Name: record.MetricP90, Pairs: []ab.Pair{{Baseline: 9e6}}},
		{Name: record.MetricP50, Pairs: []ab.Pair{{Baseline: 3e6}, {Baseline: 1e6}, {Baseline: 2e6}}},
	}}
	if got := medianOf(d); got != 2*time.Millisecond {
		t.Errorf("median %v, want 2ms", got)
	}
	if got := medianOf(&ab.Result{}); got != 0 {
		t.Errorf("median of nothing %v, want 0", got)
	}
}

// TestFindDelay: an A/B test that cannot be believed tells no median.
func TestFindDelay(t *testing.T) {
	d := &ab.Result{Verdict: record.InvalidInstrument, Metrics: []ab.Metric{{Name: record.MetricP50, Pairs: []ab.Pair{{Baseline: 2e6}}}}}
	p := realProof{Change: 0.2}
	if err := p.findDelay(d); err != nil || p.Delay != 0 || p.Median != 0 {
		t.Errorf("not believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	d.Verdict = record.Pass
	if err := p.findDelay(d); err != nil || p.Delay != 400*time.Microsecond || p.Median != 2*time.Millisecond {
		t.Errorf("believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	if err := p.findDelay(&ab.Result{Why: "nothing was measured"}); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
		t.Errorf("without pairs: %v", err)
	}
}

func TestPercentFlag(t *testing.T) {
	var p percent
	if err := p.Set("12.5%"); err != nil || p != 0.125 || p.String() != "12.5%" {
		t.Errorf("12.5%% is %v (%v)", float64(p), err)
	}
	for _, text := range []string{"", "%", "20", "0%", "-5%", "101%", "NaN%", "many%"} {
		if err := p.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
