package arrivals

import (
	"fmt"
	"time"
)

func stepsKind() Kind {
	return Kind{
		Name:   "steps",
		Doc:    "The rate goes from rate to to in equal steps, each of a whole number of seconds.",
		Params: and(needs(ParamRate, ParamDuration, ParamTo, ParamSteps), ParamGaps),
		New:    newSteps,
	}
}

func newSteps(c Config) (Process, error) {
	if err := c.checkSteps(); err != nil {
		return nil, as("steps", err)
	}
	s, err := spreadOf(c.Gaps)
	if err != nil {
		return nil, as("steps", err)
	}
	length := c.Duration / time.Duration(c.Steps)
	steps := make([]Step, c.Steps)
	for i := range steps {
		share := float64(i) / float64(c.Steps-1)
		steps[i] = Step{time.Duration(i) * length, length, c.Rate + share*(c.To-c.Rate)}
	}
	return newPieces(steps, s), nil
}

// checkSteps also holds the steps to whole seconds: a record is kept by the
// second, and a second that belonged to two steps would tell of neither.
func (c Config) checkSteps() error {
	if err := c.changing(); err != nil {
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
