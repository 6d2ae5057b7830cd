package protocol

import (
	"math"
	"slices"
	"testing"

	"servebench/generators"
)

// TestAlter holds wrong answers to being wrong, and possible.
func TestAlter(t *testing.T) {
	three := Model{Schema: generators.Schema{Classes: []string{"a", "b", "c"}}}
	scores := []float32{0.7, 0.2, 0.1, 0, 0, 1}
	three.Alter(t.Context(), scores)
	if want := []float32{0.7, 0.2, 0.1, 0, 0, 1}; !slices.Equal(scores, want) {
		t.Errorf("without a reason: %v", scores)
	}
	three.Alter(Altered(t.Context()), scores)
	if want := []float32{0.2, 0.1, 0.7, 0, 1, 0}; !slices.Equal(scores, want) {
		t.Errorf("%v, want %v", scores, want)
	}
	for _, value := range []float32{0, 1, -1, -10, 12.5, 1e30, math.MaxFloat32} {
		scores := []float32{value}
		(Model{}).Alter(Altered(t.Context()), scores)
		if scores[0] == value || math.IsInf(float64(scores[0]), 0) {
			t.Errorf("%g becomes %g", value, scores[0])
		}
	}
}
