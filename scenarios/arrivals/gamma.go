package arrivals

import (
	"fmt"
	"math"
	"math/rand/v2"
)

func gammaKind() Kind {
	return Kind{
		Name:   "gamma",
		Doc:    "Gaps of a gamma distribution, burstier than independent users where burstiness is below 1 (at 1 they are poisson), more even above; their total is fixed.",
		Params: needs(ParamRate, ParamDuration, ParamBurstiness),
		New:    newGamma,
	}
}

// newGamma makes a renewal process with gaps of Gamma(shape b, scale 1/(rate·b)),
// rescaled so that their total is the duration (as vLLM's benchmark of serving
// has it, where b is called burstiness).
func newGamma(c Config) (Process, error) {
	if err := c.check(); err != nil {
		return nil, as("gamma", err)
	}
	if !(c.Burstiness > 0) || math.IsInf(c.Burstiness, 0) {
		return nil, as("gamma", &Mistake{ParamBurstiness, fmt.Sprint(c.Burstiness), "a finite number above 0"})
	}
	return onePiece(c, drawn(c.Burstiness)), nil
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
