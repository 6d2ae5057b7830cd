package evaluate

import (
	"math"
	"math/rand/v2"
	"slices"
)

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
