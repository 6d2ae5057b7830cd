package arrivals

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// newConstant makes a process with equal gaps. Each due time is computed from its number
// rather than from the one before, so that rounding never adds up to a drift.
func newConstant(c Config) (Process, error) {
	if err := c.checkRateAndDuration(); err != nil {
		return nil, err
	}
	shape, gap := c.evenShape(), float64(time.Second)/c.Rate
	return process{shape, func(_ *rand.Rand, yield func(time.Duration) bool) {
		for k := range shape.Arrivals {
			if !yield(time.Duration(float64(k) * gap)) {
				return
			}
		}
	}}, nil
}

// newPoisson makes a Poisson process conditioned on its number of arrivals.
func newPoisson(c Config) (Process, error) {
	if err := c.checkRateAndDuration(); err != nil {
		return nil, err
	}
	return newEven(c, drawnGaps(1)), nil
}

// newGamma makes a renewal process with gaps of Gamma(shape b, scale 1/(rate·b)),
// rescaled so that their total is the duration (as vLLM's benchmark of serving
// has it, where b is called burstiness).
func newGamma(c Config) (Process, error) {
	if err := c.checkRateAndDuration(); err != nil {
		return nil, err
	}
	if !(c.Burstiness > 0) || math.IsInf(c.Burstiness, 0) {
		return nil, &Mistake{ParamBurstiness, fmt.Sprint(c.Burstiness), "a finite number above 0"}
	}
	return newEven(c, drawnGaps(c.Burstiness)), nil
}

// gammas is the gamma distribution of a shape, with scale 1, as G. Marsaglia and
// W. W. Tsang draw from it (A Simple Method for Generating Gamma Variables, ACM
// Transactions on Mathematical Software 26(3), 2000).
type gammas struct {
	d, c float64 // as there
	// power, where the shape is below 1, is what turns a draw of the shape + 1 into
	// one of the shape: it is multiplied by U^(1/shape), with U uniform and so −ln U
	// exponential (section 6 there).
	power float64
}

func gammasOf(shape float64) gammas {
	var g gammas
	if shape < 1 {
		g.power = -1 / (shape * math.Ln2) // Exp2 is faster than Exp
		shape++
	}
	g.d = shape - 1.0/3
	g.c = 1 / math.Sqrt(9*g.d)
	return g
}

func (g gammas) draw(rng *rand.Rand) float64 {
	for {
		x := rng.NormFloat64()
		v := 1 + g.c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		u := rng.Float64()
		if u >= 1-0.0331*(x*x)*(x*x) && math.Log(u) >= 0.5*x*x+g.d*(1-v+math.Log(v)) {
			continue
		}
		if g.power == 0 {
			return g.d * v
		}
		return g.d * v * math.Exp2(g.power*rng.ExpFloat64())
	}
}

// spread yields n ascending points of [0, 1], at an even rate, and reports
// whether all were wanted.
type spread func(rng *rand.Rand, n int64, yield func(float64) bool) bool

func spreadNamed(gaps string) (spread, error) {
	switch gaps {
	case "", PoissonGaps:
		return drawnGaps(1), nil
	case ConstantGaps:
		return equalGaps, nil
	}
	return nil, &Mistake{ParamGaps, fmt.Sprintf("unknown gaps %q", gaps), PoissonGaps + " or " + ConstantGaps}
}

// equalGaps spreads points at equal gaps, the first one at 0.
func equalGaps(_ *rand.Rand, n int64, yield func(float64) bool) bool {
	for k := range n {
		if !yield(float64(k) / float64(n)) {
			return false
		}
	}
	return true
}

// gapsPerDraw is how many gaps are drawn at once: so many that what is drawn beside
// them hardly counts, and so few that they are quickly there.
const gapsPerDraw = 64

// drawnGaps spreads points by n+1 gaps drawn from the gamma distribution of a shape,
// divided by their total. With exponential ones, of shape 1, these are the order
// statistics of n uniform points (L. Devroye, Non-Uniform Random Variate
// Generation, 1986, chapter V, theorem 2.2), and so a Poisson process conditioned
// on its number of arrivals.
//
// The total is needed before the first point and known after the last. But a sum
// of gammas is a gamma, and its share of a larger one is independent of the total
// (E. Lukacs, A Characterization of the Gamma Distribution, Annals of Mathematical
// Statistics 26, 1955): it is enough to draw a few gaps and the sum of all that
// are to come, and to begin anew behind them with what is left.
func drawnGaps(shape float64) spread {
	gap := gammasOf(shape).draw
	if shape == 1 {
		gap = (*rand.Rand).ExpFloat64
	}
	return func(rng *rand.Rand, n int64, yield func(float64) bool) bool {
		var gaps [gapsPerDraw]float64
		at, left := 0.0, 1.0
		for to := n + 1; to > 0; {
			some := gaps[:min(to, gapsPerDraw)]
			to -= int64(len(some))
			sum := 0.0
			for i := range some {
				some[i] = gap(rng)
				sum += some[i]
			}
			if to == 0 {
				some = some[:len(some)-1] // the last one has no point behind it
			}
			whole := sum
			if to > 0 {
				whole += gammasOf(shape * float64(to)).draw(rng)
			}
			if whole == 0 { // each gap is too small for a float64
				whole = 1
			}
			scale, part := left/whole, 0.0
			for _, gap := range some {
				part += gap
				if !yield(at + part*scale) {
					return false
				}
			}
			at += sum * scale
			left -= sum * scale
		}
		return true
	}
}
