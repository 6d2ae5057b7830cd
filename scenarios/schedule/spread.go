package schedule

import (
	"fmt"
	"math/rand/v2"
)

// spread yields n ascending points of [0, 1], at an even rate, and reports
// whether all were wanted.
type spread func(from *source, n int64, yield func(float64) bool) bool

// seed starts a random source of its own.
type seed [2]uint64

func newSeed(rng *rand.Rand) seed { return seed{rng.Uint64(), rng.Uint64()} }

// source is a random source that can be put back to where it was.
type source struct {
	*rand.Rand
	state *rand.PCG
}

func (s seed) source() *source {
	state := rand.NewPCG(s[0], s[1])
	return &source{Rand: rand.New(state), state: state}
}

// spreadOf returns the spread that Config.Gaps names.
func spreadOf(gaps string) (spread, error) {
	switch gaps {
	case "", PoissonGaps:
		return drawn((*rand.Rand).ExpFloat64), nil
	case ConstantGaps:
		return equal, nil
	}
	return nil, &Mistake{ParamGaps, fmt.Sprintf("unknown gaps %q", gaps), PoissonGaps + " or " + ConstantGaps}
}

// equal spreads points at equal gaps, the first one at 0.
func equal(_ *source, n int64, yield func(float64) bool) bool {
	for k := range n {
		if !yield(float64(k) / float64(n)) {
			return false
		}
	}
	return true
}

// drawn spreads points by n+1 gaps drawn from a distribution, divided by their
// total. With exponential ones these are the order statistics of n uniform
// points (Devroye, Non-Uniform Random Variate Generation, 1986, chapter V,
// theorem 2.2), and so a Poisson process conditioned on its number of arrivals.
//
// It draws the same gaps twice: first to add up their total, then to yield the
// points. That costs time instead of memory.
func drawn(gap func(*rand.Rand) float64) spread {
	return func(from *source, n int64, yield func(float64) bool) bool {
		if n == 0 {
			return true
		}
		beginning := *from.state
		var total float64
		for range n + 1 {
			total += gap(from.Rand)
		}
		if total == 0 { // each gap is too small for a float64
			total = 1
		}
		*from.state = beginning
		var sum float64
		for range n {
			sum += gap(from.Rand)
			if !yield(sum / total) {
				return false
			}
		}
		gap(from.Rand) // the last one has no point behind it
		return true
	}
}
