package hyperplane_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"servebench/generators"
	"servebench/generators/hyperplane"
)

func take(t *testing.T, rotation float64) (above []bool, points [][]float32) {
	t.Helper()
	g, err := hyperplane.Kind().Open(generators.Config{Params: map[string]float64{hyperplane.Rotation: rotation, hyperplane.Noise: 0}})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		e := g.Next(rng)
		above, points = append(above, e.Label.Label == 1), append(points, e.Features)
	}
	return above, points
}

// TestRotation turns the plane: half of the points are on each side of it, the further it is
// turned the more of them change sides, and half a turn of two weights is what the formula says.
func TestRotation(t *testing.T) {
	from, points := take(t, 0)
	last := 0.0
	for _, degrees := range []float64{0, 30, 90, 180} {
		to, _ := take(t, degrees)
		share, changed := 0.0, 0.0
		for i := range to {
			if to[i] {
				share += 1e-4
			}
			if to[i] != from[i] {
				changed += 1e-4
			}
		}
		if math.Abs(share-0.5) > 0.02 {
			t.Errorf("turned by %g: %g above", degrees, share)
		}
		if degrees > 0 && changed < last+0.05 {
			t.Errorf("turned by %g: %g on the other side, and %g before", degrees, changed, last)
		}
		last = changed
	}
	to, _ := take(t, 180)
	for i, x := range points {
		side := 0.0
		for k, v := range x {
			weight := 1 / float64(k+1)
			if k < 2 {
				weight = -weight
			}
			side += weight * (float64(v) - 0.5)
		}
		if math.Abs(side) > 1e-9 && (side > 0) != to[i] {
			t.Fatalf("%v is on the wrong side", x)
		}
	}
}
