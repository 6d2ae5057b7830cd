package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"servebench/reports/analysis/stat"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// The figures are those of SciPy 1.17.1, ttest_ind(b, a, equal_var=False)
// .confidence_interval(0.95).
func TestWelchAsSciPy(t *testing.T) {
	for _, tc := range []struct {
		a, b      []float64
		low, high float64
	}{
		{[]float64{1.0, 1.2, 0.9}, []float64{1.5, 1.4, 1.9}, 0.0246705887023, 1.10866274463},
		{[]float64{0.1, 0.2, 0.3, 0.4, 0.15}, []float64{0.3, 0.31, 0.29}, -0.0790573515942, 0.219057351594},
		{[]float64{2.0, 2.5, 2.2, 2.4, 1.9, 2.1, 2.3}, []float64{2.2, 2.9, 2.4, 3.1, 2.0, 2.6, 2.8, 2.7}, 0.0511461006026, 0.723853899397},
	} {
		low, high, ok := stat.Welch(tc.a, tc.b)
		if !ok || !near(low, tc.low) || !near(high, tc.high) {
			t.Errorf("%v, %v: [%.12g, %.12g], want [%.12g, %.12g]", tc.a, tc.b, low, high, tc.low, tc.high)
		}
	}
}

// Values that do not differ do not tell how far others may; one side may be such.
func TestWelchOfConstants(t *testing.T) {
	same, other := []float64{2, 2, 2}, []float64{3, 3, 3}
	if low, high, ok := stat.Welch(same, other); ok {
		t.Errorf("[%v, %v] %t", low, high, ok)
	}
	if low, high, ok := stat.Welch(same, []float64{2.9, 3, 3.1}); !ok || !(low < 1 && high > 1) || math.IsNaN(high) {
		t.Errorf("[%v, %v] %t", low, high, ok)
	}
}

func TestNoIntervalOfFewRounds(t *testing.T) {
	for _, tc := range [][2][]float64{{{1, 2}, {1, 2, 3}}, {{1, 2, 3}, {1, 2}}, {nil, nil}} {
		if _, _, ok := stat.Welch(tc[0], tc[1]); ok {
			t.Errorf("%v has an interval", tc)
		}
	}
}

// The interval holds the truth as often as it says, with as few rounds as it takes
// and with variances that differ; see Welch (1947), which is an approximation.
func TestWelchCoverage(t *testing.T) {
	const trials, truth = 4000, 0.1
	for _, tc := range []struct {
		n, m   int
		spread float64 // of b, where that of a is 1
	}{{3, 3, 1}, {5, 5, 1}, {5, 10, 3}, {10, 3, 0.5}} {
		rng := rand.New(rand.NewPCG(1, uint64(tc.n*100+tc.m)))
		held := 0
		for range trials {
			a, b := make([]float64, tc.n), make([]float64, tc.m)
			for i := range a {
				a[i] = rng.NormFloat64()
			}
			for i := range b {
				b[i] = truth + tc.spread*rng.NormFloat64()
			}
			if low, high, _ := stat.Welch(a, b); low <= truth && truth <= high {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.935 || share > 0.98 {
			t.Errorf("%+v: holds the truth in %.1f %%", tc, 100*share)
		}
	}
}

// The figures are those of statsmodels 0.15.0, confint_proportions_2indep(method=
// "newcomb"); the first is Newcombe's own example.
func TestNewcombeAsStatsmodels(t *testing.T) {
	for _, tc := range []struct {
		a, b      stat.Proportion
		low, high float64
	}{
		{proportion(48, 80), proportion(56, 70), 0.0524314724024, 0.333872654037},
		{proportion(10, 10), proportion(20, 20), -0.161125158053, 0.277532799863},
		{proportion(0, 1000), proportion(5, 1000), 0.000221110655801, 0.0116509553734},
		{proportion(0, 5000), proportion(0, 5000), -0.000767701945057, 0.000767701945057},
	} {
		if low, high := stat.DifferenceByChance(tc.a, tc.b); !near(low, tc.low) || !near(high, tc.high) {
			t.Errorf("%v, %v: [%.12g, %.12g], want [%.12g, %.12g]", tc.a, tc.b, low, high, tc.low, tc.high)
		}
	}
}

// proportion is k of n with the interval that Newcombe takes: E. B. Wilson, "Probable
// inference, the law of succession, and statistical inference", JASA 22 (1927).
func proportion(k, n float64) stat.Proportion {
	const z = 1.959963984540054
	share := k / n
	centre, half := (share+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return stat.Proportion{Value: share, Low: max(centre-half, 0), High: min(centre+half, 1)}
}

// A round in which nothing was achieved has no logarithm, and is not left out.
func TestRoundOfNothing(t *testing.T) {
	f := ratio(values{[]float64{100, 100, 100}, Value{Known: true, Value: 100, N: 3, Pooled: true}},
		values{[]float64{100, 0, 100}, Value{Known: true, Value: 66, N: 3, Pooled: true}})
	if f.HasInterval || !f.Known || !near(f.Change, 0.66) || !f.New.Pooled || f.New.N != 3 {
		t.Errorf("%+v", f)
	}
	if f := ratio(values{pooled: Value{Known: true}}, values{pooled: Value{Known: true, Value: 1}}); f.Known {
		t.Errorf("a ratio to nothing: %+v", f)
	}
	if f := ratio(values{}, values{rounds: []float64{1}}); f.Known || f.Base.Known {
		t.Errorf("a ratio to what is not known: %+v", f)
	}
}
