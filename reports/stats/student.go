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
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - unlikely)
	return t * deviation / math.Sqrt(float64(n))
}
