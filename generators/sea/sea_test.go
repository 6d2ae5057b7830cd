package sea_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"servebench/generators"
	"servebench/generators/sea"
)

// TestConcepts holds the labels to the thresholds, and their shares to areas of the square.
func TestConcepts(t *testing.T) {
	const n = 20_000
	for concept, threshold := range map[float64]float64{1: 8, 2: 9, 3: 7, 4: 9.5} {
		g, err := sea.Kind().Open(generators.Config{Params: map[string]float64{sea.Concept: concept, sea.Noise: 0.1}})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 0))
		within, flipped := 0.0, 0.0
		for range n {
			e := g.Next(rng)
			if sum := e.Features[0] + e.Features[1]; (float64(sum) <= threshold) != (e.Truth == 1) {
				t.Fatalf("concept %g: a sum of %g is of class %d", concept, sum, e.Truth)
			}
			within += float64(e.Truth) / n
			if e.Label.Label != e.Truth {
				flipped += 1.0 / n
			}
		}
		if want := threshold * threshold / 200; math.Abs(within-want) > 0.015 {
			t.Errorf("concept %g: %g within, want %g", concept, within, want)
		}
		if math.Abs(flipped-0.1) > 0.01 {
			t.Errorf("%g of the labels flipped, want 0.1", flipped)
		}
	}
}

func TestOpenRejectsBadParameters(t *testing.T) {
	for name, value := range map[string]float64{sea.Concept: 5, sea.Noise: 0.6, "theta": 8} {
		if _, err := sea.Kind().Open(generators.Config{Params: map[string]float64{name: value}}); err == nil {
			t.Errorf("%s=%g was taken", name, value)
		}
	}
}
