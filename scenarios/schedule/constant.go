package schedule

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

func constantKind() Kind {
	return Kind{
		Name: "constant",
		Doc:  "Arrivals at equal gaps, the first one at 0; hides queueing, which needs gaps that vary.",
		New:  newConstant,
	}
}

// constant is a law with equal gaps.
type constant struct {
	n   int64
	gap float64 // nanoseconds
}

func newConstant(c Config) (Law, error) {
	n, err := c.count()
	if err != nil {
		return nil, fmt.Errorf("constant law: %w", err)
	}
	return constant{n: n, gap: float64(time.Second) / c.Rate}, nil
}

// Arrivals ignores the random source. Each due time is computed from its number
// rather than from the one before, so that rounding never adds up to a drift.
func (c constant) Arrivals(*rand.Rand) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for k := range c.n {
			if !yield(time.Duration(math.Floor(float64(k) * c.gap))) {
				return
			}
		}
	}
}
