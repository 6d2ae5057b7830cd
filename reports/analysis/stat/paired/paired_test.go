package paired

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHodgesLehmann(t *testing.T) {
	for _, tt := range []struct {
		name        string
		differences []float64
		want        float64
	}{
		{"one", []float64{3}, 3},
		{"two", []float64{1, 2}, 1.5},
		{"three", []float64{1, 2, 6}, 2.75},                       // of 1, 1.5, 2, 3.5, 4, 6
		{"an outlier", []float64{1, 2, 3, 4, 5, 6, 7, 8, 900}, 5}, // of 45 averages the 23rd
		{"depression", depression, 0.46},                          // Hollander, Wolfe and Chicken, example 3.3
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := HodgesLehmann(tt.differences); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("HodgesLehmann = %v, want %v", got, tt.want)
			}
		})
	}
	if got := HodgesLehmann(nil); !math.IsNaN(got) {
		t.Errorf("HodgesLehmann of nothing = %v, want NaN", got)
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		name         string
		differences  []float64
		below, above float64
		low, high    float64
	}{
		// Hollander, Wolfe and Chicken, example 3.4: with an error of 0.0195 at each end.
		{"depression", depression, 0.02, 0.02, 0.010, 0.786},
		{"none", nil, 0.05, 0.05, math.Inf(-1), math.Inf(1)},
		{"nine are too few for 0.001", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 0.001, 0.001, math.Inf(-1), math.Inf(1)},
		{"ten are not", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.001, 0.001, 1, 10},
		{"one end alone", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.001, 0.0001, 1, math.Inf(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			low, high := Bounds(tt.differences, tt.below, tt.above)
			if !near(low, tt.low) || !near(high, tt.high) {
				t.Errorf("Bounds = %v, %v, want %v, %v", low, high, tt.low, tt.high)
			}
		})
	}
}

func near(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-9 }

// TestCut holds the distribution of the rank sum against the critical values of F.
// Wilcoxon and R. A. Wilcox, Some Rapid Approximate Statistical Procedures (1964),
// table 2: the largest sum that is significant, which is one less than the cut.
func TestCut(t *testing.T) {
	for _, tt := range []struct {
		n    int
		p    float64
		want int
	}{
		{5, 0.05, 0}, {6, 0.025, 0}, {7, 0.01, 0}, {8, 0.005, 0},
		{10, 0.05, 10}, {10, 0.025, 8}, {10, 0.01, 5}, {10, 0.005, 3},
		{20, 0.05, 60}, {20, 0.025, 52}, {20, 0.01, 43}, {20, 0.005, 37},
		{30, 0.05, 151}, {30, 0.025, 137}, {30, 0.01, 120}, {30, 0.005, 109},
	} {
		if got := cut(rankSums(ranksWithoutTies(tt.n)), tt.p) - 1; got != tt.want {
			t.Errorf("critical value of %d at %v is %d, want %d", tt.n, tt.p, got, tt.want)
		}
	}
}

// TestCoverage plays every set of signs that a few differences around 0 can have: the
// bounds miss 0 as often as they may and no more often, and could not be narrower.
func TestCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for n := 1; n <= 12; n++ {
		sizes := make([]float64, n)
		for i := range sizes {
			sizes[i] = rng.ExpFloat64()
		}
		for _, p := range []float64{0.001, 0.01, 0.05, 0.2} {
			missed := 0
			for signs := range 1 << n {
				if low, _ := Bounds(signed(sizes, signs), p, 0.1); low > 0 {
					missed++
				}
			}
			all := float64(int(1) << n)
			attained, next := float64(missed)/all, 0.0
			for k := range cut(rankSums(ranksWithoutTies(n)), p) + 1 {
				next += rankSums(ranksWithoutTies(n))[k]
			}
			if attained > p || next <= p {
				t.Errorf("%d differences: low is above the centre with %v, want at most %v; the next would be with %v", n, attained, p, next)
			}
		}
	}
}

// TestCoverageWithTies: with differences that tie, the bounds err less, if anything.
func TestCoverageWithTies(t *testing.T) {
	for _, sizes := range [][]float64{{1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 2, 2, 3, 3, 4, 4, 5}, {0, 0, 1, 1, 1, 2, 2, 2, 3}} {
		for _, p := range []float64{0.01, 0.05, 0.2} {
			missed := 0
			for signs := range 1 << len(sizes) {
				if low, _ := Bounds(signed(sizes, signs), p, p); low > 0 {
					missed++
				}
			}
			if attained := float64(missed) / float64(int(1)<<len(sizes)); attained > p {
				t.Errorf("sizes %v: low is above the centre with %v, want at most %v", sizes, attained, p)
			}
		}
	}
}

// signed gives the sizes the signs that the bits say.
func signed(sizes []float64, signs int) []float64 {
	values := slices.Clone(sizes)
	for i := range values {
		if signs>>i&1 == 0 {
			values[i] = -values[i]
		}
	}
	return values
}

// TestBoundsAreEquivariant: to change the unit, to add a constant or to swap the variants
// changes bounds and centre alike, and the order of the pairs does not matter.
func TestBoundsAreEquivariant(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		x := normals(rng, 1+rng.IntN(30))
		centre, below, above := HodgesLehmann(x), 0.01, 0.03
		low, high := Bounds(x, below, above)
		if low > centre || centre > high {
			t.Fatalf("centre %v of %v is outside of %v to %v", centre, x, low, high)
		}
		moved, mirrored := slices.Clone(x), slices.Clone(x)
		for i, d := range x {
			moved[i], mirrored[i] = 4*d+8, -d
		}
		rng.Shuffle(len(moved), func(i, j int) { moved[i], moved[j] = moved[j], moved[i] })
		if l, h := Bounds(moved, below, above); !near(l, 4*low+8) || !near(h, 4*high+8) || !near(HodgesLehmann(moved), 4*centre+8) {
			t.Errorf("4x+8 has bounds %v, %v, where x has %v, %v", l, h, low, high)
		}
		if l, h := Bounds(mirrored, above, below); !near(l, -high) || !near(h, -low) || !near(HodgesLehmann(mirrored), -centre) {
			t.Errorf("-x has bounds %v, %v, where x has %v, %v", l, h, low, high)
		}
	}
}

// TestTestAndBoundAgree: the low bound is above 0 just when the test rejects.
func TestTestAndBoundAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	rejected := 0
	for range 2000 {
		x := normals(rng, 5+rng.IntN(26))
		for i := range x {
			x[i] += 0.5
		}
		p := PValue(x)
		for _, alpha := range []float64{0.0005, 0.001, 0.01, 0.05} {
			low, _ := Bounds(x, alpha, alpha)
			if (low > 0) != (p <= alpha) {
				t.Fatalf("p = %v of %v, but the low bound at %v is %v", p, x, alpha, low)
			}
			if low > 0 {
				rejected++
			}
		}
	}
	if rejected < 1000 {
		t.Errorf("only %d of 8000 tests rejected: this shows nothing", rejected)
	}
}

func BenchmarkBounds(b *testing.B) {
	for _, n := range []int{10, 30, MostPairs} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := normals(rand.New(rand.NewPCG(6, 6)), n)
			for b.Loop() {
				Bounds(x, 0.001, 0.01)
			}
		})
	}
}
