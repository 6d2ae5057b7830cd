package arrivals

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"servebench/reports/record"
	"slices"
	"time"
)

// stretch is a part of a load over which the rate is constant, in nanoseconds from its
// start, with a fixed number of arrivals.
type stretch struct {
	start, length float64
	arrivals      int64
}

// piecewise makes the process of stretches that follow each other, and are the same each
// time.
func piecewise(shape Shape, stretches iter.Seq[stretch], s spread) Process {
	return process{shape, func(rng *rand.Rand, yield func(time.Duration) bool) {
		for part := range stretches {
			more := s(rng, part.arrivals, func(x float64) bool { return yield(time.Duration(part.start + x*part.length)) })
			if !more {
				return
			}
		}
	}}
}

func newEven(c Config, s spread) Process {
	shape := c.evenShape()
	return piecewise(shape, slices.Values([]stretch{{0, float64(c.Duration), shape.Arrivals}}), s)
}

// newStepped makes the process of steps that follow each other from 0 on. The number of
// arrivals up to the end of each step is that of the rate's integral, rounded.
func newStepped(steps []record.Step, gaps string) (Process, error) {
	s, err := spreadNamed(gaps)
	if err != nil {
		return nil, err
	}
	var expected float64
	var shape Shape
	parts := make([]stretch, len(steps))
	for i, step := range steps {
		expected += step.Rate * step.Duration.Seconds()
		upTo := int64(math.Round(expected))
		parts[i] = stretch{float64(step.Start), float64(step.Duration), upTo - shape.Arrivals}
		shape.Arrivals = upTo
		shape.Duration = step.Start + step.Duration
		shape.Peak = max(shape.Peak, step.Rate)
		if wholeSeconds(step.Start) {
			shape.Steps = append(shape.Steps, step)
		}
	}
	shape.Rate = expected / shape.Duration.Seconds()
	if len(shape.Steps) < len(steps) {
		shape.Steps = nil
	}
	return piecewise(shape, slices.Values(parts), s), nil
}

func wholeSeconds(d time.Duration) bool { return d%time.Second == 0 }

func newSteps(c Config) (Process, error) {
	if err := c.checkSteps(); err != nil {
		return nil, err
	}
	length := c.Duration / time.Duration(c.Steps)
	steps := make([]record.Step, c.Steps)
	for i := range steps {
		share := float64(i) / float64(c.Steps-1)
		steps[i] = record.Step{Start: time.Duration(i) * length, Duration: length, Rate: c.Rate + share*(c.To-c.Rate)}
	}
	return newStepped(steps, c.Gaps)
}

// checkSteps also holds the steps to whole seconds: a record is kept by the
// second, and a second that belonged to two steps would tell of neither.
func (c Config) checkSteps() error {
	if err := c.checkChangingRate(); err != nil {
		return err
	}
	if c.Steps < 2 {
		return &Mistake{ParamSteps, fmt.Sprint(c.Steps), "at least 2"}
	}
	if n := time.Duration(c.Steps); c.Duration%n != 0 || !wholeSeconds(c.Duration/n) {
		return &Mistake{ParamDuration, fmt.Sprintf("%d steps of %v in all are %.4gs each", c.Steps, c.Duration, c.Duration.Seconds()/float64(n)),
			fmt.Sprintf("steps of whole seconds, such as %v in all", n*max(c.Duration/n, time.Second).Round(time.Second))}
	}
	return nil
}

func newSpike(c Config) (Process, error) {
	if err := c.checkSpike(); err != nil {
		return nil, err
	}
	end := c.At + c.For
	var steps []record.Step
	if c.At > 0 {
		steps = []record.Step{{Duration: c.At, Rate: c.Rate}}
	}
	steps = append(steps, record.Step{Start: c.At, Duration: c.For, Rate: c.To})
	if end < c.Duration {
		steps = append(steps, record.Step{Start: end, Duration: c.Duration - end, Rate: c.Rate})
	}
	return newStepped(steps, c.Gaps)
}

func (c Config) checkSpike() error {
	if err := c.checkChangingRate(); err != nil {
		return err
	}
	if c.At < 0 {
		return &Mistake{ParamAt, c.At.String(), "0s or more"}
	}
	if err := checkLasting(ParamFor, c.For); err != nil {
		return err
	}
	if c.At >= c.Duration {
		return &Mistake{ParamAt, fmt.Sprintf("%v of %v", c.At, c.Duration), "the spike to begin before the load ends"}
	}
	if left := c.Duration - c.At; c.For > left {
		return &Mistake{ParamFor, fmt.Sprintf("%v from %v on is beyond the end of the load", c.For, c.At), fmt.Sprintf("at most %v", left)}
	}
	return nil
}
