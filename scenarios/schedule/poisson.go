package schedule

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

func poissonKind() Kind {
	return Kind{
		Name: "poisson",
		Doc:  "Independent users: exponential gaps between arrivals, their total fixed to rate × duration.",
		New:  newPoisson,
	}
}

// poisson is a Poisson process conditioned on its number of arrivals. Given that
// number, the due times are the order statistics of as many uniform points,
// which are distributed like the partial sums of n+1 exponential spacings,
// divided by their total (Devroye, Non-Uniform Random Variate Generation, 1986,
// chapter V, theorem 2.2).
type poisson struct {
	n        int64
	duration time.Duration
}

func newPoisson(c Config) (Law, error) {
	n, err := c.count()
	if err != nil {
		return nil, fmt.Errorf("poisson law: %w", err)
	}
	return poisson{n: n, duration: c.Duration}, nil
}

// Arrivals draws two seeds and goes over the same stream of spacings twice: the
// first pass, made when iteration begins, adds up their total, the second yields
// the due times. That costs time instead of memory.
func (p poisson) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	seed1, seed2 := rng.Uint64(), rng.Uint64()
	return func(yield func(time.Duration) bool) {
		spacings := rand.New(rand.NewPCG(seed1, seed2))
		var total float64
		for range p.n + 1 {
			total += spacings.ExpFloat64()
		}
		scale := float64(p.duration) / total

		spacings = rand.New(rand.NewPCG(seed1, seed2))
		var sum float64
		for range p.n {
			sum += spacings.ExpFloat64()
			// A last spacing too small for the rounding must not put the
			// arrival on the end itself.
			if !yield(min(time.Duration(sum*scale), p.duration-1)) {
				return
			}
		}
	}
}
