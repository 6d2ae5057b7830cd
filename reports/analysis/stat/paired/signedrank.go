package paired

import (
	"cmp"
	"math"
	"slices"
)

// PValue is that of Wilcoxon's signed-rank test, one-sided: the probability of
// differences that speak as clearly for a centre above 0 when it is not above 0. It
// is exact, with ties too: their ranks are averaged, and the distribution is that of
// the ranks as they are. Differences of 0 keep their ranks, the lowest, as J. W. Pratt
// has it ("Remarks on zeros and ties in the Wilcoxon signed rank procedures", Journal
// of the American Statistical Association 54 (1959)), and speak against: their signs
// might have been positive by chance. 1 without differences.
func PValue(differences []float64) float64 {
	ranks := doubledRanks(differences)
	sum := 0
	for i, d := range differences {
		if d > 0 {
			sum += ranks[i]
		}
	}
	p := 0.0
	for _, probability := range rankSums(ranks)[sum:] {
		p += probability
	}
	return min(p, 1)
}

// rankSums is the distribution of the sum of those of the ranks whose signs are
// positive, each with a probability of one half: by sum, from 0.
func rankSums(ranks []int) []float64 {
	most := 0
	for _, r := range ranks {
		most += r
	}
	distribution := make([]float64, most+1)
	distribution[0] = 1
	reached := 0
	for _, r := range ranks {
		for sum := reached; sum >= 0; sum-- {
			half := distribution[sum] / 2
			distribution[sum] = half
			distribution[sum+r] += half
		}
		reached += r
	}
	return distribution
}

// ranksWithoutTies are 1 to n.
func ranksWithoutTies(n int) []int {
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	return ranks
}

// doubledRanks are the ranks of the absolute values, from 2 in steps of 2, so that
// the averages of those that tie are whole.
func doubledRanks(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(math.Abs(values[i]), math.Abs(values[j])) })
	ranks := make([]int, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && math.Abs(values[order[to]]) == math.Abs(values[order[from]]) {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		from = to
	}
	return ranks
}
