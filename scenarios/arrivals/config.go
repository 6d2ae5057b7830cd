package arrivals

import (
	"embed"
	"fmt"
	"math"
	"time"
)

// Config configures a process. Each takes Rate and Duration, and of the others those
// in its Kind's Params. What is said of its keys is for who writes a scenario.
type Config struct {
	// The mean number of requests per second. For ramp it is the rate at the start, for
	// steps the first rate, and for spike the rate around the spike; these may be 0. A trace
	// has its own rate and is scaled to this one if it is given.
	Rate float64 `key:"rate" absent:"none; then concurrency or a trace is required" format:"rate" min:"0"` // 0 of a closed loop
	// The length of the phase. A trace is cut off there.
	Duration time.Duration `key:"duration" absent:"that of the trace; otherwise required"`
	// The requests per second at the end of a ramp, in the last of the steps, or at the
	// height of a spike; may be 0.
	To float64 `key:"to" absent:"none" format:"rate" min:"0"`
	// The number of steps, all of the same length in whole seconds. The first is at rate,
	// the last at to.
	Steps int `key:"steps" absent:"none" min:"2" max:"1000"`
	// When the spike begins, from the start of the phase; may be 0s.
	At time.Duration `key:"at" absent:"none" min:"0"`
	// How long the spike lasts. If it begins and ends at whole seconds, reports show it
	// separately from the time before and after.
	For time.Duration `key:"for" absent:"none"`
	// By how many requests per second the rate swings up and down; at most rate.
	Amplitude float64 `key:"amplitude" absent:"none" format:"rate"`
	// The length of one swing.
	Period time.Duration `key:"period" absent:"none"`
	// The shape of the gamma distribution of the gaps, whose squared coefficient of
	// variation is 1/burstiness: 1 is like independent users, below 1 burstier, above 1 more
	// even.
	Burstiness float64 `key:"burstiness" absent:"none" min:"0.01" max:"1000"`
	// How arrivals are spread while the rate changes, and within the counts of a trace:
	// poisson (the default), like independent users, or constant.
	Gaps string `key:"gaps" absent:"none" oneof:"poisson,constant"`
	// Trace is the recording, once it was read.
	Trace *Trace
}

// KeySource is the file whose comments say what Config's keys mean.
//
//go:embed config.go
var KeySource embed.FS

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
