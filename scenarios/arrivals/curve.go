package arrivals

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// newCurve makes the process of a rate r(t) that changes all the time, with the integral
// total over the duration. Its arrivals are those of a process of even rate, mapped
// through the inverse of Λ(t) = ∫₀ᵗ r(u) du (E. Çinlar, Introduction to Stochastic
// Processes, 1975, chapter 4, theorem 7.4). inverse returns a function that gives the
// time, in seconds, of an ascending series of values of Λ.
func newCurve(c Config, total, peak float64, inverse func() func(arrivals float64) float64) (Process, error) {
	s, err := spreadNamed(c.Gaps)
	if err != nil {
		return nil, err
	}
	shape := Shape{
		Arrivals: int64(math.Round(total)),
		Duration: c.Duration,
		Rate:     total / c.Duration.Seconds(),
		Peak:     peak,
	}
	return process{shape, func(rng *rand.Rand, yield func(time.Duration) bool) {
		at := inverse()
		s(rng, shape.Arrivals, func(x float64) bool { return yield(time.Duration(at(x*total) * float64(time.Second))) })
	}}, nil
}

// newRamp makes the process with r(t) = a + (b−a)·t/T, whose integral is
// Λ(t) = a·t + (b−a)·t²/2T.
func newRamp(c Config) (Process, error) {
	if err := c.checkChangingRate(); err != nil {
		return nil, err
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
	return newCurve(c, (c.Rate+c.To)/2*length, max(c.Rate, c.To), inverse)
}

// newSine makes the process with r(t) = rate + a·sin ωt, whose integral is
// Λ(t) = rate·t + a/ω·(1 − cos ωt).
func newSine(c Config) (Process, error) {
	if err := c.checkRateAndDuration(); err != nil {
		return nil, err
	}
	if err := checkPositive(ParamAmplitude, c.Amplitude); err != nil {
		return nil, err
	}
	if c.Amplitude > c.Rate {
		return nil, &Mistake{ParamAmplitude, fmt.Sprintf("%v per second, so that the rate falls below 0", c.Amplitude), fmt.Sprintf("at most the rate, %v", c.Rate)}
	}
	if err := checkLasting(ParamPeriod, c.Period); err != nil {
		return nil, err
	}
	w := wave{rate: c.Rate, amplitude: c.Amplitude, omega: 2 * math.Pi / c.Period.Seconds()}
	total, _ := w.at(c.Duration.Seconds())
	return newCurve(c, total, c.Rate+c.Amplitude, w.inverse)
}

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
