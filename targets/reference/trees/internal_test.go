package trees

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	worst := 0.0
	for range 100_000 {
		x := (rng.Float64() - 0.5) * 1398
		worst = max(worst, math.Abs(exp(x)/math.Exp(x)-1))
	}
	if worst > 4e-16 {
		t.Errorf("relative error is %g", worst)
	}
	for x, want := range map[float64]float64{0: 0.5, math.Inf(1): 1, math.Inf(-1): 0} {
		if got := sigmoid(x); math.Abs(got-want) > 1e-300 {
			t.Errorf("sigmoid(%v) = %v", x, got)
		}
	}
}

func TestCuts(t *testing.T) {
	for name, test := range map[string]struct {
		sorted []float32
		limit  int
		want   []float32
	}{
		"none":        {nil, 4, nil},
		"constant":    {[]float32{7, 7, 7}, 4, nil},
		"few":         {[]float32{1, 1, 2, 4}, 4, []float32{1.5, 3}},
		"quartiles":   {[]float32{1, 2, 3, 4, 5, 6, 7, 8}, 4, []float32{2.5, 4.5, 6.5}},
		"heavy value": {[]float32{1, 1, 1, 1, 1, 1, 2, 3, 4}, 3, []float32{1.5, 2.5}},
		"neighbours":  {[]float32{1, math.Nextafter32(1, 2)}, 2, []float32{math.Nextafter32(1, 2)}},
	} {
		got := cuts(test.sorted, test.limit)
		if len(got) != len(test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: got %v, want %v", name, got, test.want)
			}
		}
	}
}

// A bin number and a comparison with its cut must always tell the same side:
// training decides by the one, prediction by the other.
func TestBinsAgreeWithCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	d := Data{Features: []string{"wide", "few", "missing"}}
	for range 5000 {
		missing := float32(rng.NormFloat64())
		if rng.IntN(2) == 0 {
			missing = float32(math.NaN())
		}
		d.Values = append(d.Values, float32(math.Exp(20*rng.NormFloat64())), float32(rng.IntN(20)), missing)
		d.Labels = append(d.Labels, 0)
	}
	b := bin(d, maxBins)
	for f := range d.Features {
		if len(b.cuts[f]) >= maxBins {
			t.Fatalf("feature %d has %d cuts", f, len(b.cuts[f]))
		}
		for i := range d.Len() {
			v := d.Row(i)[f]
			for c, cut := range b.cuts[f] {
				if v == v && (v < cut) != (int(b.bins[f][i]) <= c) {
					t.Fatalf("feature %d: value %v is in bin %d, cut %d is %v", f, v, b.bins[f][i], c, cut)
				}
			}
			if (v != v) != (b.bins[f][i] == missingBin) {
				t.Fatalf("feature %d: value %v is in bin %d", f, v, b.bins[f][i])
			}
		}
	}
	if n := len(b.cuts[0]); n < 200 {
		t.Errorf("5,000 different values make only %d cuts", n)
	}
}

func TestSubtractionIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	d := Data{Features: []string{"a", "b"}}
	gradients := make([]sum, 3000)
	rows := make([]int32, len(gradients))
	for i := range gradients {
		rows[i] = int32(i)
		gradients[i] = sum{fixed(rng.Float64() - 0.5), fixed(rng.Float64() / 4)}
		d.Values = append(d.Values, rng.Float32(), rng.Float32())
		d.Labels = append(d.Labels, 0)
	}
	b, features := bin(d, 64), []int{0, 1}
	parent, left, right := make(histogram, 2*binStride), make(histogram, 2*binStride), make(histogram, 2*binStride)
	parent.countRows(b, features, rows, gradients)
	left.countRows(b, features, rows[:1100], gradients)
	right.countRows(b, features, rows[1100:], gradients)
	parent.subtract(left)
	for i := range parent {
		if parent[i] != right[i] {
			t.Fatalf("sum %d is %v by subtraction, %v by counting", i, parent[i], right[i])
		}
	}
}
