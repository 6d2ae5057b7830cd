package stat

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Stretch is one round for the rank test: one value for each second, those of the
// beginning and those of the end, in order of time.
type Stretch struct{ Begin, End []float64 }

// ranksOf are the ranks of the values, from 1, with the mean of those that tie, and
// the sum of t³−t over groups of t that do.
func ranksOf(values []float64) (ranks []float64, ties float64) {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	ranks = make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to+1) / 2
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return ranks, ties
}

// mostCorrelated bounds what is believed of so short a series.
const mostCorrelated = 0.9

// correlation of neighbouring seconds, over the beginnings of all stretches: their
// ends may be what changed, and are short. Short series show too little of it,
// about (1+3ρ)/n less: M. G. Kendall, "Note on bias in the estimation of
// autocorrelation", Biometrika 41 (1954).
func correlation(stretches []Stretch) float64 {
	var products, squares, parts, n float64
	for _, s := range stretches {
		mean := stat.Mean(s.Begin, nil)
		for i, v := range s.Begin {
			squares += (v - mean) * (v - mean)
			if i > 0 {
				products += (v - mean) * (s.Begin[i-1] - mean)
			}
		}
		parts++
		n += float64(len(s.Begin))
	}
	if squares == 0 || n <= parts {
		return 0
	}
	rho := products / squares * n / (n - parts)
	rho += (1 + 3*rho) * parts / n
	return min(max(rho, 0), mostCorrelated)
}

// RankTest tests whether the ends are like the beginnings. In each stretch the ranks
// of the end are summed as in Wilcoxon's test, and the sums are combined, each by
// 1/(N+1): P. H. van Elteren, "On the combination of independent two-sample tests
// of Wilcoxon", Bulletin of the International Statistical Institute 37 (1960). So
// what differs from one stretch to the next, as starts of a server do, does not
// count. Neighbouring seconds are alike, which makes them worth fewer: the variance
// grows by (1+ρ)/(1−ρ) with their correlation ρ. G. V. Bayley and J. M. Hammersley,
// "The 'effective' number of independent observations in an autocorrelated time
// series", Supplement to the Journal of the Royal Statistical Society 8 (1946).
// It returns the two-sided probability of chance; 1 when nothing can be told.
func RankTest(stretches []Stretch) float64 {
	var off, variance float64
	for _, s := range stretches {
		m, n := float64(len(s.End)), float64(len(s.Begin))
		if m == 0 || n == 0 {
			continue
		}
		ranks, ties := ranksOf(slices.Concat(s.Begin, s.End))
		var sum float64
		for _, r := range ranks[len(s.Begin):] {
			sum += r
		}
		all := m + n
		off += (sum - m*(all+1)/2) / (all + 1)
		variance += m * n * (all + 1) / 12 * (1 - ties/(all*all*all-all)) / ((all + 1) * (all + 1))
	}
	if variance <= 0 {
		return 1
	}
	rho := correlation(stretches)
	deviate := math.Abs(off) / math.Sqrt(variance*(1+rho)/(1-rho))
	return 2 * distuv.UnitNormal.Survival(deviate)
}

// RobustDeviation is the median distance from the median, which 1.4826 makes the
// standard deviation of a normal distribution: F. R. Hampel, "The influence curve and
// its role in robust estimation", Journal of the American Statistical Association 69
// (1974).
func RobustDeviation(values []float64) float64 {
	centre := Median(values)
	distances := make([]float64, len(values))
	for i, v := range values {
		distances[i] = math.Abs(v - centre)
	}
	return 1.4826 * Median(distances)
}

// Median is the median of the values, the mean of the two in the middle; 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
