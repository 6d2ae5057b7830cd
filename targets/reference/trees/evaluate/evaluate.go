// Package evaluate measures how well predicted probabilities fit labels, and
// parts data for it. All functions are pure: what is random comes from the
// random source they are given. It serves the training of the reference
// server's models.
package evaluate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Score is how well probabilities of class 1 fit the labels.
type Score struct {
	Accuracy float64    // share of rows whose class is right, 0 to 1
	LogLoss  float64    // mean negative log-likelihood, nats
	AUC      float64    // area under the ROC curve, 0.5 for chance; NaN when a class is absent
	Recall   [2]float64 // share of the rows of each class whose class is right; NaN when it is absent
}

// Of scores probabilities against labels of 0 and 1, one each per row.
func Of(p []float32, labels []uint8) Score {
	return Score{Accuracy: Accuracy(p, labels), LogLoss: LogLoss(p, labels), AUC: AUC(p, labels), Recall: recall(p, labels)}
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

func recall(p []float32, labels []uint8) (shares [2]float64) {
	var right, rows [2]float64
	for i, label := range labels {
		rows[label]++
		if (p[i] >= 0.5) == (label == 1) {
			right[label]++
		}
	}
	return [2]float64{right[0] / rows[0], right[1] / rows[1]}
}

// leastProbability keeps one certain mistake from making the loss infinite; it
// is half the distance of 1 to the float32 below.
const leastProbability = 0x1p-25

// LogLoss is the mean of −ln of the probability given to the label; NaN without
// rows.
func LogLoss(p []float32, labels []uint8) float64 {
	return WeightedLogLoss(p, labels, [2]float64{1, 1})
}

// WeightedLogLoss is LogLoss of rows that weigh what their class does.
func WeightedLogLoss(p []float32, labels []uint8, weights [2]float64) float64 {
	total, weight := 0.0, 0.0
	for i, label := range labels {
		q := float64(p[i])
		if label == 0 {
			q = 1 - q
		}
		total -= float64(weights[label] * math.Log(max(q, leastProbability)))
		weight += weights[label]
	}
	return total / weight
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

// Interval holds a statistic with the given confidence.
type Interval struct{ Low, High float64 }

// Bootstrap returns the percentile interval of a statistic of n rows (B. Efron,
// "Bootstrap Methods: Another Look at the Jackknife", 1979): it draws n rows with
// replacement, resamples times, and takes the quantiles that leave
// (1−confidence)/2 out on either side. statistic gets the indices of the rows
// drawn, which are only valid during the call.
func Bootstrap(n, resamples int, confidence float64, rng *rand.Rand, statistic func(rows []int) float64) Interval {
	values := make([]float64, resamples)
	rows := make([]int, n)
	for i := range values {
		for j := range rows {
			rows[j] = rng.IntN(n)
		}
		values[i] = statistic(rows)
	}
	slices.Sort(values)
	tail := (1 - confidence) / 2
	return Interval{Low: quantile(values, tail), High: quantile(values, 1-tail)}
}

// quantile interpolates between sorted values (Hyndman and Fan's type 7).
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// MeanSD returns the mean and the sample standard deviation of values; the
// latter is NaN for fewer than two.
func MeanSD(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		sd += float64((v - mean) * (v - mean))
	}
	return mean, math.Sqrt(sd / float64(len(values)-1))
}

// Split parts the rows 0 to n−1 at random into sets of these shares, which must
// sum to 1; every row is in exactly one set.
func Split(n int, rng *rand.Rand, shares ...float64) [][]int {
	rows := rng.Perm(n)
	sets := make([][]int, 0, len(shares))
	start, sum := 0, 0.0
	for i, share := range shares {
		sum += share
		end := int(math.Round(sum * float64(n)))
		if i == len(shares)-1 {
			end = n
		}
		sets = append(sets, rows[start:end:end])
		start = end
	}
	return sets
}

// Fold is one turn of a cross-validation.
type Fold struct{ Train, Test []int }

// Folds parts the rows 0 to n−1 at random into k sets, sizes differing by one at
// most, each of which is the test set of one fold.
func Folds(n, k int, rng *rand.Rand) []Fold {
	rows := rng.Perm(n)
	folds := make([]Fold, k)
	for i := range folds {
		start, end := i*n/k, (i+1)*n/k
		folds[i].Test = rows[start:end:end]
		folds[i].Train = append(append(make([]int, 0, n), rows[:start]...), rows[end:]...)
	}
	return folds
}
