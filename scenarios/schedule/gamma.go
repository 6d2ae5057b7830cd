package schedule

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
func newGamma(c Config) (Law, error) {
	if err := c.check(); err != nil {
		return nil, as("gamma", err)
	}
	if !(c.Burstiness > 0) || math.IsInf(c.Burstiness, 0) {
		return nil, as("gamma", &Mistake{ParamBurstiness, fmt.Sprint(c.Burstiness), "a finite number above 0"})
	}
	return onePiece(c, drawn(gammaGap(c.Burstiness))), nil
}

// gammaGap returns a function that draws from the gamma distribution of a shape
// and scale 1 (G. Marsaglia, W. W. Tsang, A Simple Method for Generating Gamma
// Variables, ACM Transactions on Mathematical Software 26(3), 2000). For a shape
// below 1 that is a draw of shape+1 times U^(1/shape), with U uniform and −ln U
// exponential (section 6 there).
func gammaGap(shape float64) func(*rand.Rand) float64 {
	if shape < 1 {
		above := gammaGap(shape + 1)
		return func(rng *rand.Rand) float64 {
			return above(rng) * math.Exp(-rng.ExpFloat64()/shape)
		}
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	return func(rng *rand.Rand) float64 {
		for {
			x := rng.NormFloat64()
			v := 1 + c*x
			if v <= 0 {
				continue
			}
			v *= v * v
			u := rng.Float64()
			if u < 1-0.0331*(x*x)*(x*x) || math.Log(u) < 0.5*x*x+d*(1-v+math.Log(v)) {
				return d * v
			}
		}
	}
}
