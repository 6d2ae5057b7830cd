package paired

import (
	"cmp"
	"slices"
)

// holm returns which of the hypotheses are rejected so that the probability of
// rejecting any true one is at most alpha. S. Holm, "A simple sequentially rejective
// multiple test procedure", Scandinavian Journal of Statistics 6 (1979).
func holm(pValues []float64, alpha float64) []bool {
	order := make([]int, len(pValues))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(pValues[i], pValues[j]) })
	rejected := make([]bool, len(pValues))
	for k, i := range order {
		if pValues[i] > alpha/float64(len(order)-k) {
			break
		}
		rejected[i] = true
	}
	return rejected
}
