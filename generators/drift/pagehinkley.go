package drift

import "math"

// pageHinkley is the detector of that name.
type pageHinkley struct {
	spending  Spending
	tolerance float64
	outcomes  int // since the very beginning
	n         int // since the last alarm
	wrong     int
	sum       float64
	drifted   bool
}

const (
	// pageTolerance is the rise of the share of wrong answers that is no drift.
	pageTolerance = 0.01
	pageHalf      = 10_000 // outcomes after which one half of what it may err is spent
)

// NewPageHinkley returns the detector page-hinkley: E. S. Page, "Continuous inspection
// schemes", Biometrika 41 (1954), and D. V. Hinkley, "Inference about the change-point from
// cumulative sum tests", Biometrika 58 (1971). The statistic is the greatest sum, over the
// outcomes from some moment until now, of
//
//	xᵢ − x̄ᵢ − 0.01,
//
// where xᵢ is 1 for a wrong answer, else 0, and x̄ᵢ the mean of all until then: wrong answers
// beyond what was usual. The threshold is in the same unit.
//
// Where the share of wrong answers, p, does not change, such a sum begun at one moment ever
// exceeds ln(1/α)/θ with a probability of at most α, where θ/(1 − θ/3) = 2·0.01/(p(1−p))
// (J. Ville's inequality, with S. Bernstein's bound of the exponential moment). The threshold
// is that, with what the spending gives to the present outcome as α, so that over all moments
// to begin at α adds up to the spending's.
func NewPageHinkley(s Spending) StreamDetector {
	return &pageHinkley{spending: s, tolerance: pageTolerance}
}

// Add implements StreamDetector.
func (d *pageHinkley) Add(wrong bool) Result {
	if d.drifted {
		d.n, d.wrong, d.sum, d.drifted = 0, 0, 0, false
	}
	d.outcomes++
	d.n++
	x := 0.0
	if wrong {
		x = 1
		d.wrong++
	}
	d.sum = max(0, d.sum+x-float64(d.wrong)/float64(d.n)-d.tolerance)
	if d.n < leastOutcomes {
		return Result{State: TooFew, N: d.n}
	}
	r := Result{State: Stable, Statistic: d.sum, Threshold: d.limit(), N: d.n}
	if r.Statistic > r.Threshold {
		r.State, d.drifted = Drift, true
	}
	return r
}

func (d *pageHinkley) limit() float64 {
	p := float64(d.wrong+1) / float64(d.n+2) // of a stream without wrong answers it is not 0
	theta := d.tolerance / (p*(1-p)/2 + d.tolerance/3)
	return -math.Log(d.spending.At(d.outcomes)) / theta
}
