// Package evaluate measures how well predicted probabilities fit labels, and
// parts data for it. All functions are pure: what is random comes from the
// random source they are given. It serves the training of the reference
// server's models.
package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// Score is how well probabilities of class 1 fit the labels.
type Score struct {
	Accuracy float64 // share of rows whose class is right, 0 to 1
	LogLoss  float64 // mean negative log-likelihood, nats
	AUC      float64 // area under the ROC curve, 0.5 for chance; NaN when a class is absent
}

// Of scores probabilities against labels of 0 and 1, one each per row.
func Of(p []float32, labels []uint8) Score {
	return Score{Accuracy: Accuracy(p, labels), LogLoss: LogLoss(p, labels), AUC: AUC(p, labels)}
}

// Accuracy is the share of rows whose label is 1 exactly if the probability is
// at least one half; NaN without rows.
func Accuracy(p []float32, labels []uint8) float64 {
	right := 0
	for i := range p {
		if (p[i] >= 0.5) == (labels[i] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(p))
}

// leastProbability keeps one certain mistake from making the loss infinite; it
// is half the distance of 1 to the float32 below.
const leastProbability = 0x1p-25

// LogLoss is the mean of −ln of the probability given to the label; NaN without
// rows.
func LogLoss(p []float32, labels []uint8) float64 {
	total := 0.0
	for i := range p {
		q := float64(p[i])
		if labels[i] == 0 {
			q = 1 - q
		}
		total -= math.Log(max(q, leastProbability))
	}
	return total / float64(len(p))
}

// AUC is the probability that a row of class 1 is ranked above one of class 0,
// ties counting half (the Mann-Whitney statistic over the number of pairs).
func AUC(p []float32, labels []uint8) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var below, pairs float64 // rows of class 0 so far; pairs in the right order
	for start := 0; start < len(order); {
		var zeros, ones float64
		end := start
		for ; end < len(order) && p[order[end]] == p[order[start]]; end++ {
			ones += float64(labels[order[end]])
			zeros += 1 - float64(labels[order[end]])
		}
		pairs += float64(ones * (below + zeros/2))
		below += zeros
		start = end
	}
	return pairs / (below * (float64(len(p)) - below))
}
