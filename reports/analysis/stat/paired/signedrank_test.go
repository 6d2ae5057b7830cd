package paired

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// darwin are the differences in height of cross- and self-fertilised maize, the example
// of SciPy's documentation of wilcoxon: alternative "greater", method "exact" gives
// p = 0.0206298828125.
var darwin = []float64{6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75}

// depression are the changes of Hamilton's depression factor IV under a tranquilliser,
// with the opposite sign: Hollander, Wolfe and Chicken, Nonparametric Statistical
// Methods, 3rd ed. (2014), table 3.1. T⁺ = 40 of 45 here, p = 0.01953125 (and in R:
// wilcox.test(x, y, paired = TRUE, alternative = "greater")).
var depression = []float64{
	1.83 - 0.878, 0.50 - 0.647, 1.62 - 0.598, 2.48 - 2.05, 1.68 - 1.06, 1.88 - 1.29, 1.55 - 1.06, 3.06 - 3.14, 1.30 - 1.29,
}

// thirty are made up; SciPy: wilcoxon(d, alternative="greater", method="exact") has the
// statistic 363 and p = 0.0030974959954619408.
func thirty() []float64 {
	values := make([]float64, 30)
	for i := range values {
		values[i] = float64(i*37%61-20)/7 + float64(i)/1000
	}
	return values
}

func TestPValue(t *testing.T) {
	for _, tt := range []struct {
		name        string
		differences []float64
		want        float64
	}{
		{"none", nil, 1},
		{"one above", []float64{1}, 0.5},
		{"one below", []float64{-1}, 1},
		{"ten above", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1.0 / 1024},
		{"Darwin's maize", darwin, 0.0206298828125},
		{"depression", depression, 0.01953125},
		{"thirty", thirty(), 0.0030974959954619408},
		// By hand: three equal ranks of 2, of whose eight signs four give 4 or more.
		{"all tie", []float64{1, 1, -1}, 0.5},
		// By hand: 0 has rank 1; of the four signs of ranks 1 and 2, two give 2 or more.
		{"a zero", []float64{0, 1}, 0.5},
		{"only zeros", []float64{0, 0, 0}, 1},
		{"nothing but the negative zero", []float64{math.Copysign(0, -1)}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := PValue(tt.differences); math.Abs(got-tt.want) > 1e-15 {
				t.Errorf("PValue = %.16g, want %.16g", got, tt.want)
			}
		})
	}
}

// TestPValueIsExact counts, for differences with ties and zeros, how many of all the
// signs that they could have speak as clearly.
func TestPValueIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		differences := make([]float64, rng.IntN(10))
		for i := range differences {
			differences[i] = float64(rng.IntN(9) - 4)
		}
		if got, want := PValue(differences), enumerated(differences); math.Abs(got-want) > 1e-12 {
			t.Errorf("PValue(%v) = %v, by enumeration %v", differences, got, want)
		}
	}
}

func enumerated(differences []float64) float64 {
	sizes := make([]float64, len(differences))
	for i, d := range differences {
		sizes[i] = math.Abs(d)
	}
	observed := positiveRanks(differences, func(i int) bool { return differences[i] > 0 })
	asClear := 0
	for signs := range 1 << len(sizes) {
		if positiveRanks(sizes, func(i int) bool { return signs>>i&1 == 1 }) >= observed {
			asClear++
		}
	}
	return float64(asClear) / float64(int(1)<<len(sizes))
}

// positiveRanks is the sum of the mid-ranks of those that are positive, by comparing
// each with each.
func positiveRanks(values []float64, positive func(i int) bool) float64 {
	sum := 0.0
	for i, a := range values {
		if !positive(i) {
			continue
		}
		sum += 0.5
		for _, b := range values {
			switch {
			case math.Abs(b) < math.Abs(a):
				sum++
			case math.Abs(b) == math.Abs(a):
				sum += 0.5
			}
		}
	}
	return sum
}

// TestPValueDependsOnRanks: no increasing change of the sizes, and no order, matters.
func TestPValueDependsOnRanks(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 100 {
		differences := normals(rng, 1+rng.IntN(30))
		want := PValue(differences)
		changed := slices.Clone(differences)
		for i, d := range changed {
			changed[i] = d * d * d * 1000
		}
		rng.Shuffle(len(changed), func(i, j int) { changed[i], changed[j] = changed[j], changed[i] })
		if got := PValue(changed); got != want {
			t.Errorf("p of %v is %v, of its cubes in another order %v", differences, want, got)
		}
	}
}

func normals(rng *rand.Rand, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	return values
}
