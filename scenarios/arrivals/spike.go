package arrivals

import "fmt"

func spikeKind() Kind {
	return Kind{
		Name:   "spike",
		Doc:    "The rate jumps from rate to to at one moment, stays there for a while and falls back.",
		Params: and(needs(ParamRate, ParamDuration, ParamTo, ParamAt, ParamFor), ParamGaps),
		New:    newSpike,
	}
}

func newSpike(c Config) (Process, error) {
	if err := c.checkSpike(); err != nil {
		return nil, as("spike", err)
	}
	s, err := spreadOf(c.Gaps)
	if err != nil {
		return nil, as("spike", err)
	}
	end := c.At + c.For
	var steps []Step
	if c.At > 0 {
		steps = []Step{{0, c.At, c.Rate}}
	}
	steps = append(steps, Step{c.At, c.For, c.To})
	if end < c.Duration {
		steps = append(steps, Step{end, c.Duration - end, c.Rate})
	}
	return newPieces(steps, s), nil
}

func (c Config) checkSpike() error {
	if err := c.changing(); err != nil {
		return err
	}
	if c.At < 0 {
		return &Mistake{ParamAt, c.At.String(), "0s or more"}
	}
	if err := lasting(ParamFor, c.For); err != nil {
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
