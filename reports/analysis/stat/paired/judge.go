package paired

import (
	"math"
	"servebench/reports/record"
)

// Estimate is what the pairs say of one metric.
type Estimate struct {
	Pairs int
	// Centre is by how much the candidate is worse (HodgesLehmann), Low and High are
	// its bounds: it is below Low with a probability of at most the interim analysis's Alpha over
	// the number of metrics, above High with one of at most the interim analysis's Beta. Low is no
	// less than 0 for a metric that is surely worse (Holm): the probability is the
	// interim analysis's Alpha over all such metrics. All are differences, infinite where there is
	// no bound.
	Centre, Low, High float64
	P                 float64 // PValue
	SurelyWorse       bool    // the test is rejected among those of all metrics (Holm)
	Verdict           record.Verdict
}

// Judge judges a candidate at an interim analysis by the differences of each metric, of which
// there are as many as the interim analysis has pairs, or fewer where pairs were lost.
//
// A metric fails when it is surely worse and by the margin at least: its test is
// rejected among those of all metrics (Holm), and its centre is the margin or more.
// It passes when it is surely not worse by the tolerance. The whole is as good as
// its worst metric: to pass, all have to, so that PASS needs no correction for their
// number (R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling",
// Technometrics 24 (1982)). Without any metric it is inconclusive.
func (p Plan) Judge(interim record.Interim, metrics [][]float64) (record.Verdict, []Estimate) {
	pValues := make([]float64, len(metrics))
	for i, differences := range metrics {
		pValues[i] = PValue(differences)
	}
	rejected := holm(pValues, interim.Alpha)
	if len(metrics) == 0 {
		return record.Inconclusive, nil
	}
	worst := record.Pass
	estimates := make([]Estimate, len(metrics))
	for i, differences := range metrics {
		averages := walsh(differences)
		e := Estimate{Pairs: len(differences), Centre: median(averages), P: pValues[i], SurelyWorse: rejected[i]}
		e.Low, e.High = bounds(averages, len(differences), interim.Alpha/float64(len(metrics)), interim.Beta)
		if e.SurelyWorse {
			e.Low = max(e.Low, 0)
		}
		e.Verdict = p.verdict(e)
		worst = record.Worse(worst, e.Verdict)
		estimates[i] = e
	}
	return worst, estimates
}

// Worse says that a metric is worse by the margin or more as estimated.
func (p Plan) Worse(e Estimate) bool { return e.Centre >= math.Log1p(p.Margin) }

func (p Plan) verdict(e Estimate) record.Verdict {
	switch {
	case e.SurelyWorse && p.Worse(e):
		return record.Fail
	case e.High < math.Log1p(p.Tolerance):
		return record.Pass
	default:
		return record.Inconclusive
	}
}

// more is by how much more pairs an interim analysis beyond the plan takes than the last one of the
// plan, with the same noise: it may err a quarter as much or less, so that a bound is farther
// from the centre by the ratio of the normal distribution's quantiles, at 0.0005 and
// 0.002 for FAIL and at 0.005 and 0.025 for PASS, and the pairs go with its square:
// 1.3 and 1.7.
const more = 1.5

// Anew is about how many pairs a new plan takes to settle what takes so many with an
// interim analysis beyond the plan.
func Anew(pairs int) int { return max(int(math.Ceil(float64(pairs)/more)), leastPairs) }

// Pairs returns about how many pairs in all it takes to settle a metric that is not,
// with an interim analysis beyond the plan and if its centre and its spread stay as they are; false
// where more than MostPairs would be needed, or none would do. The distance of a bound
// from the centre shrinks with the root of the number of pairs.
func (p Plan) Pairs(e Estimate) (int, bool) {
	needed := math.Inf(1)
	shrink := func(distance, room float64) {
		if room > 0 && !math.IsInf(distance, 0) {
			needed = min(needed, more*float64(e.Pairs)*(distance/room)*(distance/room))
		}
	}
	if p.Worse(e) {
		shrink(e.Centre-e.Low, e.Centre)
	}
	shrink(e.High-e.Centre, math.Log1p(p.Tolerance)-e.Centre)
	n := max(int(math.Ceil(min(needed, 2*MostPairs))), e.Pairs+2)
	return n, n <= MostPairs
}
