package arrivals

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestGammaGaps holds the gaps to the gamma distribution, and their squared
// coefficient of variation to 1/burstiness.
func TestGammaGaps(t *testing.T) {
	const rate, n = 1000.0, 60_000
	for _, b := range []float64{0.1, 0.25, 0.9, 1, 3, 50} {
		t.Run(fmt.Sprint(b), func(t *testing.T) {
			t.Parallel()
			l := newProcess(t, "gamma", Config{Rate: rate, Duration: 60 * time.Second, Burstiness: b})
			gaps := gapsOf(slices.Collect(l.Arrivals(rng(5))))
			// The rescaling moves a distribution so spiky at 0 by a part of the whole.
			limit := ksLimit(n)
			want := distuv.Gamma{Alpha: b, Beta: rate * b}
			if d := ksDistance(gaps, want.CDF); d > limit+roundedShare(want) {
				t.Errorf("gaps are %.5f from the gamma distribution, want at most %.5f", d, limit)
			}
			if scv := variation(gaps); math.Abs(scv*b-1) > 0.15 {
				t.Errorf("squared coefficient of variation %.4f, want %.4f", scv, 1/b)
			}
		})
	}
}

// roundedShare is the probability of a gap that the clock's unit rounds to 0.
func roundedShare(d distuv.Gamma) float64 { return d.CDF(1e-9) }

func gapsOf(due []time.Duration) []float64 {
	gaps := make([]float64, len(due))
	last := time.Duration(0)
	for i, d := range due {
		gaps[i] = (d - last).Seconds()
		last = d
	}
	return gaps
}

// variation is the squared coefficient of variation.
func variation(sample []float64) float64 {
	var sum, squares float64
	for _, x := range sample {
		sum += x
		squares += x * x
	}
	n := float64(len(sample))
	return squares*n/(sum*sum) - 1
}

// TestGammaOfOneIsPoisson checks the process at the burstiness at which it is another.
func TestGammaOfOneIsPoisson(t *testing.T) {
	l := newProcess(t, "gamma", Config{Rate: 1000, Duration: 60 * time.Second, Burstiness: 1})
	gaps := gapsOf(slices.Collect(l.Arrivals(rng(11))))
	if d := ksDistance(gaps, func(x float64) float64 { return 1 - math.Exp(-1000*x) }); d > ksLimit(len(gaps)) {
		t.Errorf("gaps are %.5f from exponential, want at most %.5f", d, ksLimit(len(gaps)))
	}
}
