package stat

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// FewRounds is how many rounds an interval over rounds takes.
const FewRounds = 3

// MeanInterval is the 95 % interval of the mean of values, Student's t. There is none
// of fewer than FewRounds values, nor of values that are all the same: they do not tell
// how far others may lie from them.
func MeanInterval(values []float64) (low, high float64, ok bool) {
	mean, deviation := stat.MeanStdDev(values, nil)
	if len(values) < FewRounds || deviation == 0 {
		return mean, mean, false
	}
	half := HalfWidth(deviation, len(values))
	return mean - half, mean + half, true
}

// HalfWidth is half the 95 % interval of the mean of n values with a standard
// deviation.
func HalfWidth(deviation float64, n int) float64 {
	return studentT(float64(n-1)) * deviation / math.Sqrt(float64(n))
}

// studentT is the 97.5 % point of Student's t distribution with that many degrees of
// freedom: 95 % two-sided.
func studentT(freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(1 - Unlikely)
}

// RatioByChance are the factors by which the ratio of two shares, a ÷ b, may be off for
// want of requests, at 95 %. Rounds that all answer every request rightly
// have the same goodput, whether they are of one request or of a thousand: what chance
// makes of the share of good answers is in no difference between them. The interval of a
// ratio from those of its parts: G. Y. Zou and A. Donner, "Construction of confidence
// limits about effect measures: a general approach", Statistics in Medicine 27 (2008).
func RatioByChance(a, b Proportion) (low, high float64) {
	low = math.Exp(-math.Hypot(math.Log(a.Value/a.Low), math.Log(b.High/b.Value)))
	high = math.Exp(math.Hypot(math.Log(a.High/a.Value), math.Log(b.Value/b.Low)))
	return low, high
}

// SpreadBound takes a width that n pairs show to the upper bound of what it may be.
func SpreadBound(n int) float64 {
	freedom := float64(n - 1)
	return math.Sqrt(freedom / distuv.ChiSquared{K: freedom}.Quantile(1-noiseConfidence))
}

// noiseConfidence is in how many of the repetitions of an A/B test of a server with itself
// the noise found is at most what is given as the floor.
const noiseConfidence = 0.9

// Welch is the 95 % interval of mean(b) − mean(a) of values whose variances need not
// be the same: B. L. Welch, "The generalization of 'Student's' problem when several
// different population variances are involved", Biometrika 34 (1947), with the
// degrees of freedom of F. E. Satterthwaite, "An approximate distribution of
// estimates of variance components", Biometrics Bulletin 2 (1946). False with fewer than
// FewRounds of either, and where all are the same, which does not tell how far others
// may lie from them.
func Welch(a, b []float64) (low, high float64, ok bool) {
	if len(a) < FewRounds || len(b) < FewRounds {
		return 0, 0, false
	}
	n, m := float64(len(a)), float64(len(b))
	u, v := stat.Variance(a, nil)/n, stat.Variance(b, nil)/m
	difference := stat.Mean(b, nil) - stat.Mean(a, nil)
	if u+v == 0 {
		return difference, difference, false
	}
	freedom := (u + v) * (u + v) / (u*u/(n-1) + v*v/(m-1))
	half := studentT(freedom) * math.Sqrt(u+v)
	return difference - half, difference + half, true
}

// DifferenceByChance is the 95 % interval of b − a of two shares, from their own intervals: G. Y.
// Zou and A. Donner, "Construction of confidence limits about effect measures: a general
// approach", Statistics in Medicine 27 (2008).
func DifferenceByChance(a, b Proportion) (low, high float64) {
	difference := b.Value - a.Value
	return difference - math.Hypot(b.Value-b.Low, a.High-a.Value),
		difference + math.Hypot(b.High-b.Value, a.Value-a.Low)
}
