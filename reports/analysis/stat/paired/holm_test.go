package paired

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHolm(t *testing.T) {
	for _, tt := range []struct {
		name    string
		pValues []float64
		alpha   float64
		want    []bool
	}{
		{"none", nil, 0.05, []bool{}},
		{"one", []float64{0.05}, 0.05, []bool{true}},
		{"none small enough for the first step", []float64{0.02, 0.02, 0.02}, 0.05, []bool{false, false, false}},
		// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
		{"two of four", []float64{0.01, 0.04, 0.03, 0.005}, 0.05, []bool{true, false, false, true}},
		{"a step down makes way for the next", []float64{0.016, 0.024, 0.05}, 0.05, []bool{true, true, true}},
		{"nothing after the first that holds", []float64{0.001, 0.03, 0.04}, 0.05, []bool{true, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := holm(tt.pValues, tt.alpha); !slices.Equal(got, tt.want) {
				t.Errorf("holm(%v) = %v, want %v", tt.pValues, got, tt.want)
			}
		})
	}
}

// TestHolmIsBetween: it rejects what Bonferroni's correction does, and nothing that is
// not small in itself; and the order of the hypotheses does not matter.
func TestHolmIsBetween(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		p := make([]float64, 1+rng.IntN(5))
		for i := range p {
			p[i] = 0.1 * rng.Float64()
		}
		rejected := holm(p, 0.05)
		for i, r := range rejected {
			if p[i] <= 0.05/float64(len(p)) && !r || r && p[i] > 0.05 {
				t.Fatalf("holm(%v) = %v", p, rejected)
			}
		}
		slices.Reverse(p)
		slices.Reverse(rejected)
		if got := holm(p, 0.05); !slices.Equal(got, rejected) {
			t.Fatalf("holm(%v) = %v, want %v", p, got, rejected)
		}
	}
}

// TestHolmKeepsAlpha: among true hypotheses beside false ones, one is rejected with a
// probability of at most alpha.
func TestHolmKeepsAlpha(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const trials, alpha = 20000, 0.05
	falseAlarms := 0
	for range trials {
		p := []float64{rng.Float64(), 1e-9, rng.Float64(), 1e-9, rng.Float64()}
		r := holm(p, alpha)
		if r[0] || r[2] || r[4] {
			falseAlarms++
		}
	}
	// 1 - (1-0.05/3)³ is 4.92 %; four standard deviations more are 5.5 %.
	if share := float64(falseAlarms) / trials; share > 0.055 || share < 0.043 {
		t.Errorf("%.4f of the trials reject a true hypothesis, want about 0.0492", share)
	}
}
