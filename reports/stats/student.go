package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// fewRounds is how many rounds an interval over rounds takes.
const fewRounds = 3

// meanInterval is the 95 % interval of the mean of values, Student's t. There is none
// of fewer than fewRounds values, nor of values that are all the same: they do not tell
// how far others may lie from them.
func meanInterval(values []float64) (low, high float64, ok bool) {
	mean, deviation := stat.MeanStdDev(values, nil)
	if len(values) < fewRounds || deviation == 0 {
		return mean, mean, false
	}
	half := halfOfMean(deviation, len(values))
	return mean - half, mean + half, true
}

// halfOfMean is half the 95 % interval of the mean of n values with a standard
// deviation.
func halfOfMean(deviation float64, n int) float64 {
	return studentT(float64(n-1)) * deviation / math.Sqrt(float64(n))
}

// studentT is the 97.5 % point of Student's t distribution with that many degrees of
// freedom: 95 % two-sided.
func studentT(freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(1 - unlikely)
}
