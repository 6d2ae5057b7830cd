package arrivals

import "math"

func rampKind() Kind {
	return Kind{
		Name:   "ramp",
		Doc:    "The rate goes from rate to to in a straight line.",
		Params: and(needs(ParamRate, ParamDuration, ParamTo), ParamGaps),
		New:    newRamp,
	}
}

// newRamp makes the process with r(t) = a + (b−a)·t/T, whose integral is
// Λ(t) = a·t + (b−a)·t²/2T.
func newRamp(c Config) (Process, error) {
	if err := c.changing(); err != nil {
		return nil, as("ramp", err)
	}
	length := c.Duration.Seconds()
	slope := (c.To - c.Rate) / length
	// The root of Λ(t) = x in the form that loses no digits where the slope is
	// small.
	inverse := func() func(float64) float64 {
		return func(x float64) float64 {
			if x == 0 { // where the rate may be 0
				return 0
			}
			return 2 * x / (c.Rate + math.Sqrt(max(c.Rate*c.Rate+2*slope*x, 0)))
		}
	}
	process, err := newCurve(c, (c.Rate+c.To)/2*length, max(c.Rate, c.To), inverse)
	if err != nil {
		return nil, as("ramp", err)
	}
	return process, nil
}
