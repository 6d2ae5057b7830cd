// Package paired tells whether a candidate is slower than a baseline from pairs of
// rounds, one round of each variant: the statistics of a gate that may be analysed
// several times while it is played, and whose errors of both kinds are bounded. It
// knows nothing of runs; package ab feeds it.
//
// A difference is the logarithm of the ratio candidate ÷ baseline of a pair, in the
// direction in which more is worse: of a latency as it is, of a throughput with its
// sign changed. 0.1 is about 10 % worse. Differences are finite.
package paired

import (
	"math"
	"slices"
)

// HodgesLehmann is the median of the Walsh averages of the differences, which
// estimates the centre of a symmetric distribution and is hardly moved by a few
// outliers. J. L. Hodges and E. L. Lehmann, "Estimates of location based on rank
// tests", Annals of Mathematical Statistics 34 (1963). NaN without differences.
func HodgesLehmann(differences []float64) float64 {
	return median(walsh(differences))
}

// Bounds are the exact confidence bounds of the centre that belong to Wilcoxon's
// signed-rank test: the centre lies below low with a probability of at most below,
// above high with one of at most above, whatever the (symmetric) distribution. They
// are infinite where so few differences cannot bound it: below 2⁻ⁿ there is no bound.
// M. Hollander, D. A. Wolfe and E. Chicken, Nonparametric Statistical Methods, 3rd
// ed. (2014), section 3.3.
func Bounds(differences []float64, below, above float64) (low, high float64) {
	return bounds(walsh(differences), len(differences), below, above)
}

// bounds takes them from the Walsh averages of n differences.
func bounds(averages []float64, n int, below, above float64) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	sums := rankSums(ranksWithoutTies(n))
	if k := cut(sums, below); k > 0 {
		low = averages[k-1]
	}
	if k := cut(sums, above); k > 0 {
		high = averages[len(averages)-k]
	}
	return low, high
}

// walsh returns the averages of all pairs of the values, each with itself included,
// in ascending order.
func walsh(values []float64) []float64 {
	averages := make([]float64, 0, len(values)*(len(values)+1)/2)
	for i, a := range values {
		for _, b := range values[i:] {
			averages = append(averages, (a+b)/2)
		}
	}
	slices.Sort(averages)
	return averages
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// cut is the largest k with P(W ≤ k−1) ≤ p, where sums is the distribution of W: so
// many of the smallest Walsh averages are below the bound. 0: there is none.
func cut(sums []float64, p float64) int {
	cumulated := 0.0
	for k, probability := range sums {
		if cumulated += probability; cumulated > p {
			return k
		}
	}
	return 0
}
