package arrivals

import (
	"math"
	"slices"
	"testing"
	"time"
)

// ksDistance returns the Kolmogorov–Smirnov distance between a sample and a
// continuous distribution function.
func ksDistance(sample []float64, cdf func(float64) float64) float64 {
	slices.Sort(sample)
	n := float64(len(sample))
	var d float64
	for i, x := range sample {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	return d
}

// ksLimit is the distance that one sample in a thousand exceeds by chance
// (asymptotic quantile of Kolmogorov's distribution, 1.9495/√n).
func ksLimit(n int) float64 { return 1.9495 / math.Sqrt(float64(n)) }

func TestPoissonGapsAreExponential(t *testing.T) {
	const rate, n = 1000.0, 60_000
	for seed := range uint64(4) {
		l := newProcess(t, "poisson", Config{Rate: rate, Duration: 60 * time.Second})
		var gaps, offsets []float64
		last := time.Duration(0)
		for due := range l.Arrivals(rng(seed)) {
			gaps = append(gaps, (due - last).Seconds())
			offsets = append(offsets, due.Seconds()/60)
			last = due
		}
		exponential := func(x float64) float64 { return 1 - math.Exp(-rate*x) }
		if d := ksDistance(gaps, exponential); d > ksLimit(n) {
			t.Errorf("seed %d: gaps are %.5f from exponential, want at most %.5f", seed, d, ksLimit(n))
		}
		uniform := func(x float64) float64 { return x }
		if d := ksDistance(offsets, uniform); d > ksLimit(n) {
			t.Errorf("seed %d: arrivals are %.5f from uniform, want at most %.5f", seed, d, ksLimit(n))
		}
	}
}

// TestConstantGapsAreNotExponential shows that the test above can fail.
func TestConstantGapsAreNotExponential(t *testing.T) {
	var gaps []float64
	last := time.Duration(0)
	for due := range newProcess(t, "constant", Config{Rate: 1000, Duration: time.Second}).Arrivals(rng(1)) {
		gaps = append(gaps, (due - last).Seconds())
		last = due
	}
	if d := ksDistance(gaps, func(x float64) float64 { return 1 - math.Exp(-1000*x) }); d < ksLimit(1000) {
		t.Errorf("constant gaps are %.5f from exponential, want far", d)
	}
}

// TestPoissonGapsAreIndependent looks for correlation between neighbours.
func TestPoissonGapsAreIndependent(t *testing.T) {
	l := newProcess(t, "poisson", Config{Rate: 1000, Duration: 60 * time.Second})
	var last, before, sum, squares float64
	var n float64
	for due := range l.Arrivals(rng(9)) {
		gap := due.Seconds()*1000 - last - 1 // its mean is 1
		last = due.Seconds() * 1000
		sum += gap * before
		squares += gap * gap
		before = gap
		n++
	}
	if r := sum / squares; math.Abs(r) > 4/math.Sqrt(n) {
		t.Errorf("correlation of neighbouring gaps %.4f, want 0 ± %.4f", r, 4/math.Sqrt(n))
	}
}
