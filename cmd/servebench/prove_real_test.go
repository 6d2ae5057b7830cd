package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// realABTests counts the verdicts of A/B tests of the same server and of a slower one.
func realABTests(same, slower []stats.Verdict) realProof {
	p := realProof{ABTests: 20, Change: 0.2, Median: 500 * time.Microsecond, Delay: 100 * time.Microsecond}
	p.Same.Noise, p.Slower.Noise, p.Slower.Change = "real", "real", 0.2
	for _, v := range same {
		p.Same.count(&stats.ABTest{Verdict: v, Pairs: 10})
	}
	for _, v := range slower {
		p.Slower.count(&stats.ABTest{Verdict: v, Pairs: 16})
	}
	return p
}

func times(n int, v stats.Verdict) []stats.Verdict {
	all := make([]stats.Verdict, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func TestRealOutcome(t *testing.T) {
	for _, tt := range []struct {
		name         string
		same, slower []stats.Verdict
		want         int
	}{
		{"as it should be", times(5, stats.Pass), times(5, stats.Fail), exitOK},
		{"one false alarm may be chance", append(times(9, stats.Pass), stats.Fail), times(10, stats.Fail), exitOK},
		{"two in ten are none", append(times(8, stats.Pass), times(2, stats.Fail)...), times(10, stats.Fail), exitFailed},
		{"one miss may be chance", times(10, stats.Pass), append(times(9, stats.Fail), stats.Inconclusive), exitOK},
		{"three in ten are none", times(10, stats.Pass), append(times(7, stats.Fail), times(3, stats.Pass)...), exitFailed},
		{"none can be believed", times(3, stats.InvalidInstrument), times(3, stats.Fail), exitInvalid},
		{"none of the slower ones can be believed", times(3, stats.Pass), times(3, stats.InvalidInstrument), exitInvalid},
		{"ended before the slower one", times(1, stats.Pass), nil, exitOK},
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
	p := realABTests(append(times(9, stats.Pass), stats.InvalidInstrument), times(10, stats.Fail))
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
	d := &stats.ABTest{Metrics: []stats.ABMetric{
		{Name: record.MetricP90, Pairs: []stats.Pair{{Baseline: 9e6}}},
		{Name: record.MetricP50, Pairs: []stats.Pair{{Baseline: 3e6}, {Baseline: 1e6}, {Baseline: 2e6}}},
	}}
	if got := medianOf(d); got != 2*time.Millisecond {
		t.Errorf("median %v, want 2ms", got)
	}
	if got := medianOf(&stats.ABTest{}); got != 0 {
		t.Errorf("median of nothing %v, want 0", got)
	}
}

// TestFindDelay: an A/B test that cannot be believed tells no median.
func TestFindDelay(t *testing.T) {
	d := &stats.ABTest{Verdict: stats.InvalidInstrument, Metrics: []stats.ABMetric{{Name: record.MetricP50, Pairs: []stats.Pair{{Baseline: 2e6}}}}}
	p := realProof{Change: 0.2}
	if err := p.findDelay(d); err != nil || p.Delay != 0 || p.Median != 0 {
		t.Errorf("not believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	d.Verdict = stats.Pass
	if err := p.findDelay(d); err != nil || p.Delay != 400*time.Microsecond || p.Median != 2*time.Millisecond {
		t.Errorf("believed: delay %v, median %v, %v", p.Delay, p.Median, err)
	}
	if err := p.findDelay(&stats.ABTest{Why: "nothing was measured"}); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
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
