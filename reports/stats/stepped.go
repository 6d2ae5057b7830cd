package stats

import (
	"cmp"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// What a target has to do in a step to have held it.
const (
	// StepErrors is the share of the requests sent that may fail or be censored.
	StepErrors = 0.01
	// StepAnswered is the least share of the requests due that is answered rightly
	// before its grace is over.
	StepAnswered = 0.95
	// StepGrace is how long after a step's end its answers may still come, beside as
	// long as most answers of the first step took: slow answers are no step that is not
	// held.
	StepGrace = time.Second
)

// Stepped is how one target did in a phase with steps.
type Stepped struct {
	Target, Phase string
	Rounds        int
	Steps         []Step  // those that were begun in at least one round
	Breaks        []Break // one per round in which it broke, ascending
	Stop          *Stop   // of the round whose load was stopped before it broke; nil: there is none
}

// Stop is where a load was ended that was to go on: by somebody who stopped the run,
// which ends with it.
type Stop struct {
	Round int
	Rate  float64 // of the step, per second
	Held  float64 // that of the step before; 0: it was the first
}

// Step is one step, pooled over the rounds in which it was begun.
type Step struct {
	record.Step
	Rounds int
	Ledger record.Ledger // of the requests due in it; those due after the load was ended are left out
	// Sent and Answered are per second, over what was played of the step; Answered
	// counts the right answers to the requests due in it that surely came before
	// its grace was over, see StepGrace.
	Sent, Answered float64
	Response       stat.Distribution // of OK requests due in it; its quantiles have no intervals
	Broke          int               // rounds in which this was the first step that was not held
}

// ErrorRate is as that of a Row, of the step's requests.
func (s Step) ErrorRate() stat.Proportion { return failedOf(s.Ledger) }

// Break is where a target broke in a round: the first step that it did not hold.
type Break struct {
	Round int
	Step  int     // its index among the phase's steps
	Rate  float64 // the step's, per second
	Held  float64 // that of the step before; 0: it broke in the first
	Why   string
}

func stepped(run *record.Run, cells []*cell) []Stepped {
	var all []Stepped
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			if chosen := pick(cells, target.Name, phase.Name); len(chosen) > 0 && len(phase.Steps) > 0 {
				all = append(all, newStepped(phase, chosen))
			}
		}
	}
	return all
}

func newStepped(phase record.Phase, cells []*cell) Stepped {
	s := Stepped{Target: cells[0].Target, Phase: phase.Name, Rounds: len(cells)}
	for i, step := range phase.Steps {
		pooled := poolStep(phase, step, cells)
		if pooled.Rounds > 0 {
			s.Steps = append(s.Steps, pooled)
		}
		for _, c := range cells {
			if why := c.broke(step, c.grace(phase.Steps)); why != "" && !s.broke(c.Round) {
				b := Break{Round: c.Round, Step: i, Rate: step.Rate, Why: why}
				if i > 0 {
					b.Held = phase.Steps[i-1].Rate
				}
				s.Breaks = append(s.Breaks, b)
				s.Steps[len(s.Steps)-1].Broke++
			}
		}
	}
	sortBreaks(s.Breaks)
	for _, c := range cells {
		if !s.broke(c.Round) && c.Aborted == "" {
			s.Stop = cmp.Or(s.Stop, c.stopIn(phase.Steps))
		}
	}
	return s
}

// stopIn finds the step that the load was ended in; nil when it came to its end.
func (c *cell) stopIn(steps []record.Step) *Stop {
	for i, step := range steps {
		if c.Window >= step.Start+step.Duration {
			continue
		}
		stop := &Stop{Round: c.Round, Rate: step.Rate}
		if i > 0 {
			stop.Held = steps[i-1].Rate
		}
		return stop
	}
	return nil
}

func (s Stepped) broke(round int) bool {
	for _, b := range s.Breaks {
		if b.Round == round {
			return true
		}
	}
	return false
}

// poolStep merges the slices of a step. None is in two.
func poolStep(phase record.Phase, step record.Step, cells []*cell) Step {
	s := Step{Step: step}
	response := record.NewHistogram()
	var played time.Duration
	var answered int64
	for _, c := range cells {
		seconds, length := c.stepSeconds(step)
		if len(seconds) == 0 {
			continue
		}
		s.Rounds++
		played += length
		for i := range seconds {
			s.Ledger = addLedgers(s.Ledger, seconds[i].ledger(c))
			answered += seconds[i].answeredBy(step.Start + step.Duration + c.grace(phase.Steps))
			for _, b := range seconds[i].response {
				// What did not fit was counted when the cell was read.
				_ = response.RecordValues(b.Value, b.Count)
			}
		}
	}
	s.Sent, s.Answered = perSecond(float64(s.Ledger.Sent), played), perSecond(float64(answered), played)
	s.Response = stat.NewDistribution(response)
	return s
}

// stepSeconds are the seconds of a step that the load came to, and how long it
// was sent in them.
func (c *cell) stepSeconds(step record.Step) (seconds []slice, length time.Duration) {
	end := min(step.Start+step.Duration, c.Window)
	for _, s := range c.slices {
		if s.Start >= step.Start && s.Start < end {
			seconds = append(seconds, s)
		}
	}
	return seconds, end - step.Start
}

// ledger of one second. In the second in which the load was ended, what was not
// sent any more was not due any more either.
func (s *slice) ledger(c *cell) record.Ledger {
	l := record.Ledger{Scheduled: s.Scheduled, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Censored: s.Censored}
	if c.cutShort() && s.End() > c.Window {
		l.Scheduled = l.Sent
	}
	return l
}
