package arrivals

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// curve is a process whose rate r(t) changes all the time. Its arrivals are those of
// a process of even rate, mapped through the inverse of Λ(t) = ∫₀ᵗ r(u) du (E.
// Çinlar, Introduction to Stochastic Processes, 1975, chapter 4, theorem 7.4).
type curve struct {
	shape  Shape
	total  float64 // Λ(duration)
	spread spread
	// inverse returns a function that gives the time, in seconds, of an ascending
	// series of values of Λ.
	inverse func() func(arrivals float64) float64
}

// newCurve makes the process of a rate that has the integral total over the duration.
func newCurve(c Config, total, peak float64, inverse func() func(float64) float64) (Process, error) {
	s, err := spreadOf(c.Gaps)
	if err != nil {
		return nil, err
	}
	return curve{
		shape: Shape{
			Arrivals: int64(math.Round(total)),
			Duration: c.Duration,
			Rate:     total / c.Duration.Seconds(),
			Peak:     peak,
		},
		total:   total,
		spread:  s,
		inverse: inverse,
	}, nil
}

// Shape implements Process.
func (c curve) Shape() Shape { return c.shape }

// Arrivals implements Process.
func (c curve) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	s := newSeed(rng)
	return func(yield func(time.Duration) bool) {
		inverse, last := c.inverse(), c.shape.Duration-1
		var before time.Duration
		c.spread(s.source(), c.shape.Arrivals, func(x float64) bool {
			// Rounding must put no arrival before another one or on the end.
			due := max(before, min(time.Duration(inverse(x*c.total)*float64(time.Second)), last))
			before = due
			return yield(due)
		})
	}
}
