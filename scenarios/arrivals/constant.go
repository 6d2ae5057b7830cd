package arrivals

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

func constantKind() Kind {
	return Kind{
		Name:   "constant",
		Doc:    "Arrivals at equal gaps, the first one at 0; hides queueing, which needs gaps that vary.",
		Params: needs(ParamRate, ParamDuration),
		New:    newConstant,
	}
}

// constant is a process with equal gaps.
type constant struct {
	shape Shape
	gap   float64 // nanoseconds
}

func newConstant(c Config) (Process, error) {
	if err := c.check(); err != nil {
		return nil, as("constant", err)
	}
	return constant{shape: c.even(), gap: float64(time.Second) / c.Rate}, nil
}

// Shape implements Process.
func (c constant) Shape() Shape { return c.shape }

// Arrivals ignores the random source. Each due time is computed from its number
// rather than from the one before, so that rounding never adds up to a drift.
func (c constant) Arrivals(*rand.Rand) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for k := range c.shape.Arrivals {
			if !yield(time.Duration(math.Floor(float64(k) * c.gap))) {
				return
			}
		}
	}
}
