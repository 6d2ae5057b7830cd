package arrivals

import (
	"fmt"
	"math"
)

func sineKind() Kind {
	return Kind{
		Name:   "sine",
		Doc:    "The rate swings around rate by amplitude, once in a period, and begins by rising.",
		Params: and(needs(ParamRate, ParamDuration, ParamAmplitude, ParamPeriod), ParamGaps),
		New:    newSine,
	}
}

// newSine makes the process with r(t) = rate + a·sin ωt, whose integral is
// Λ(t) = rate·t + a/ω·(1 − cos ωt).
func newSine(c Config) (Process, error) {
	if err := c.check(); err != nil {
		return nil, as("sine", err)
	}
	if err := positive(ParamAmplitude, c.Amplitude); err != nil {
		return nil, as("sine", err)
	}
	if c.Amplitude > c.Rate {
		return nil, as("sine", &Mistake{ParamAmplitude, fmt.Sprintf("%v per second, so that the rate falls below 0", c.Amplitude), fmt.Sprintf("at most the rate, %v", c.Rate)})
	}
	if err := lasting(ParamPeriod, c.Period); err != nil {
		return nil, as("sine", err)
	}
	w := wave{rate: c.Rate, amplitude: c.Amplitude, omega: 2 * math.Pi / c.Period.Seconds()}
	total, _ := w.at(c.Duration.Seconds())
	process, err := newCurve(c, total, c.Rate+c.Amplitude, w.inverse)
	if err != nil {
		return nil, as("sine", err)
	}
	return process, nil
}

// wave is a rate that swings.
type wave struct{ rate, amplitude, omega float64 }

// at returns Λ and the rate at a time in seconds.
func (w wave) at(t float64) (arrivals, rate float64) {
	sin, cos := math.Sincos(w.omega * t)
	return w.rate*t + w.amplitude/w.omega*(1-cos), w.rate + w.amplitude*sin
}

const (
	// exact is how near to the root an inverse comes, in seconds.
	exact = 1e-10
	// tries bounds the search, which a bisection of any bracket ends in.
	tries = 100
)

// inverse solves Λ(t) = x by Newton's method, beginning at the tangent in the
// arrival before, within a bracket that is halved where a step would leave it
// (the rate may be 0).
func (w wave) inverse() func(float64) float64 {
	var before, from, slope float64 // the last time, its Λ and the rate there
	slope = w.rate
	return func(x float64) float64 {
		// 0 ≤ 1 − cos ≤ 2
		low, high := max(before, (x-2*w.amplitude/w.omega)/w.rate), x/w.rate
		t := before + (x-from)/slope
		for range tries {
			if !(t >= low && t <= high) {
				t = low + (high-low)/2
			}
			var arrivals float64
			arrivals, slope = w.at(t)
			if arrivals < x {
				low = t
			} else {
				high = t
			}
			step := (x - arrivals) / slope
			if math.Abs(step) < exact || high-low < exact {
				break
			}
			t += step
		}
		before, from = t, x
		return t
	}
}
