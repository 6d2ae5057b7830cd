package sample

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Three rounds are enough for an honest interval of a ratio, which resampling
// them would not give.
func TestRatioCoverage(t *testing.T) {
	for _, rounds := range []int{3, 5} {
		const trials = 2000
		held := 0
		for trial := range trials {
			rng := rand.New(rand.NewPCG(uint64(trial), 3))
			var logs []float64
			for range rounds {
				logs = append(logs, math.Log(1.2)+0.05*rng.NormFloat64())
			}
			r := newRatio(Row{}, "p50", logs)
			if r.HasInterval && r.Low <= 1.2 && 1.2 <= r.High {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.935 || share > 0.965 {
			t.Errorf("%d rounds: %.3f of the intervals hold the ratio, want about 0.95", rounds, share)
		}
	}
	if r := newRatio(Row{}, "p50", []float64{0.1, 0.2}); r.HasInterval {
		t.Error("two rounds have an interval")
	}
}
