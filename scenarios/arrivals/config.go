package arrivals

import (
	"fmt"
	"math"
	"time"
)

// Config configures a process. Each takes Rate and Duration, and of the others those
// in its Kind's Params.
type Config struct {
	// Rate is a number of arrivals per second, above 0: the mean. Of ramp and steps it
	// is the first one, of spike the one beside it, and may be 0. Of a trace, 0 is its
	// own.
	Rate float64
	// Duration is the length of the load, above 0. 0: the trace's own.
	Duration time.Duration
	// Burstiness is the shape of the gaps' gamma distribution, above 0: their
	// squared coefficient of variation is 1/Burstiness.
	Burstiness float64
	To         float64       // the last rate of ramp and steps, the peak of spike; at least 0
	Steps      int           // how many, at least 2
	Amplitude  float64       // of the rate, above 0 and at most Rate
	Period     time.Duration // of the rate, above 0
	At, For    time.Duration // when the spike begins, from 0 on, and how long it lasts
	Gaps       string        // PoissonGaps or ConstantGaps; "": the first
	Trace      *Trace
}

// The gaps between arrivals of a process whose rate changes.
const (
	// PoissonGaps are those of independent users: exponential at constant rate.
	PoissonGaps = "poisson"
	// ConstantGaps are equal at constant rate.
	ConstantGaps = "constant"
)

// Mistake is what is wrong with one parameter of a Config.
type Mistake struct {
	Param   string // its name: "rate"
	Problem string // "-3 per second"
	Want    string // "a finite number above 0"
}

// Error formats the mistake: "rate: -3 per second, want a finite number above 0".
func (m *Mistake) Error() string {
	return fmt.Sprintf("%s: %s, want %s", m.Param, m.Problem, m.Want)
}

// maxArrivals bounds a schedule to what a float64 counts exactly.
const maxArrivals = 1 << 53

// MaxRate is the most arrivals that may be due within a second: more than one machine
// sends.
const MaxRate = 1e7

func (c Config) checkRateAndDuration() error {
	if err := checkPositive(ParamRate, c.Rate); err != nil {
		return err
	}
	if err := checkLasting(ParamDuration, c.Duration); err != nil {
		return err
	}
	return checkCountable(c.Rate, c.Duration)
}

func checkCountable(rate float64, duration time.Duration) error {
	if n := rate * duration.Seconds(); n > maxArrivals {
		return &Mistake{ParamRate, fmt.Sprintf("%v per second for %v makes %.3g arrivals", rate, duration, n), fmt.Sprintf("at most %d", int64(maxArrivals))}
	}
	return nil
}

// checkChangingRate says what is wrong with duration and the rates Rate and To, either of which
// may be 0.
func (c Config) checkChangingRate() error {
	if err := checkLasting(ParamDuration, c.Duration); err != nil {
		return err
	}
	for _, of := range []struct {
		param string
		rate  float64
	}{{ParamRate, c.Rate}, {ParamTo, c.To}} {
		if !(of.rate >= 0) || math.IsInf(of.rate, 0) {
			return &Mistake{of.param, perSecond(of.rate), "a finite number from 0 on"}
		}
		if err := checkCountable(of.rate, c.Duration); err != nil {
			return err
		}
	}
	return nil
}

func checkPositive(param string, rate float64) error {
	if !(rate > 0) || math.IsInf(rate, 0) {
		return &Mistake{param, perSecond(rate), "a finite number above 0"}
	}
	return nil
}

func perSecond(rate float64) string { return fmt.Sprintf("%v per second", rate) }

func checkLasting(param string, d time.Duration) error {
	if d <= 0 {
		return &Mistake{param, d.String(), "more than 0s"}
	}
	return nil
}

func (c Config) evenShape() Shape {
	return Shape{
		Arrivals: int64(math.Round(c.Rate * c.Duration.Seconds())),
		Duration: c.Duration,
		Rate:     c.Rate,
		Peak:     c.Rate,
	}
}
