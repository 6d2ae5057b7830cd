// Package capacity finds what a target can bear: the steps of a load that it held, and the
// throughput of closed loops by their concurrency.
package capacity

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Stepped is how one target did in a phase with steps.
type Stepped struct {
	Target string  `json:"target"`
	Phase  string  `json:"phase"`
	Rounds int     `json:"rounds"`
	Steps  []Step  `json:"steps"`  // those that were begun in at least one round
	Breaks []Break `json:"breaks"` // one per round in which it broke, ascending
	Stop   *Stop   `json:"stop"`   // of the round whose load was stopped before it broke; nil: there is none
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

// Stop is where a load was ended that was to go on: by somebody who stopped the run,
// which ends with it.
type Stop struct {
	Round int     `json:"round"`
	Rate  float64 `json:"rps"`               // of the step, per second
	Held  float64 `json:"held_rps,omitzero"` // that of the step before; 0: it was the first
}

// Break is where a target broke in a round: the first step that it did not hold.
type Break struct {
	Round int     `json:"round"`
	Step  int     `json:"-"`                 // its index among the phase's steps
	Rate  float64 `json:"rps"`               // the step's, per second
	Held  float64 `json:"held_rps,omitzero"` // that of the step before; 0: it broke in the first
	// One of these is why: what ended the load in it; the requests that failed or were
	// censored, of those sent; or those answered rightly before Grace after the step's end, of
	// those due.
	Aborted string          `json:"-"`
	Lost    stat.Proportion `json:"-"`
	InTime  stat.Counts     `json:"-"`
	Grace   time.Duration   `json:"-"`
}

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

// ErrorRate is as that of a Row, of the step's requests.
func (s Step) ErrorRate() stat.Proportion { return sample.FailedShare(s.Ledger) }

func newStepped(phase record.Phase, cells []*sample.Cell) Stepped {
	s := Stepped{Target: cells[0].Target, Phase: phase.Name, Rounds: len(cells)}
	for i, step := range phase.Steps {
		pooled := poolStep(phase, step, cells)
		if pooled.Rounds > 0 {
			s.Steps = append(s.Steps, pooled)
		}
		for _, c := range cells {
			if b := breakIn(c, step, grace(c, phase.Steps)); b != nil && !s.broke(c.Round) {
				b.Round, b.Step, b.Rate = c.Round, i, step.Rate
				if i > 0 {
					b.Held = phase.Steps[i-1].Rate
				}
				s.Breaks = append(s.Breaks, *b)
				s.Steps[len(s.Steps)-1].Broke++
			}
		}
	}
	slices.SortFunc(s.Breaks, func(a, b Break) int { return cmp.Compare(a.Round, b.Round) })
	for _, c := range cells {
		if !s.broke(c.Round) && c.Aborted == "" {
			s.Stop = cmp.Or(s.Stop, stopIn(c, phase.Steps))
		}
	}
	return s
}

// stopIn finds the step that the load was ended in; nil when it came to its end.
func stopIn(c *sample.Cell, steps []record.Step) *Stop {
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
func poolStep(phase record.Phase, step record.Step, cells []*sample.Cell) Step {
	s := Step{Step: step}
	response := record.NewHistogram()
	var played time.Duration
	var answered int64
	for _, c := range cells {
		seconds, length := stepSeconds(c, step)
		if len(seconds) == 0 {
			continue
		}
		s.Rounds++
		played += length
		for i := range seconds {
			s.Ledger = s.Ledger.Plus(seconds[i].Ledger(c))
			answered += answeredBy(&seconds[i], step.Start+step.Duration+grace(c, phase.Steps))
			for _, b := range seconds[i].Responses {
				// What did not fit was counted when the cell was read.
				_ = response.RecordValues(b.Value, b.Count)
			}
		}
	}
	s.Sent, s.Answered = sample.PerSecond(float64(s.Ledger.Sent), played), sample.PerSecond(float64(answered), played)
	s.Response = stat.NewDistribution(response)
	return s
}

// stepSeconds are the seconds of a step that the load came to, and how long it
// was sent in them.
func stepSeconds(c *sample.Cell, step record.Step) (seconds []sample.LoggedSlice, length time.Duration) {
	end := min(step.Start+step.Duration, c.Window)
	for _, s := range c.Seconds {
		if s.Start >= step.Start && s.Start < end {
			seconds = append(seconds, s)
		}
	}
	return seconds, end - step.Start
}

// StepsOf tells how each target did in each phase with steps.
func StepsOf(run *record.Run, cells []*sample.Cell) []Stepped {
	var all []Stepped
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			if chosen := sample.Pick(cells, target.Name, phase.Name); len(chosen) > 0 && len(phase.Steps) > 0 {
				all = append(all, newStepped(phase, chosen))
			}
		}
	}
	return all
}

// breakIn says why a cell did not hold a step; nil when it did, or never came to it.
func breakIn(c *sample.Cell, step record.Step, grace time.Duration) *Break {
	seconds, _ := stepSeconds(c, step)
	if len(seconds) == 0 {
		return nil
	}
	end := step.Start + step.Duration
	if c.Aborted != "" && c.Window <= end {
		return &Break{Aborted: strings.TrimSpace(c.Aborted)}
	}
	var all record.Ledger
	var intime int64
	for i := range seconds {
		all = all.Plus(seconds[i].Ledger(c))
		intime += answeredBy(&seconds[i], end+grace)
	}
	lost := stat.NewProportion(all.Failed+all.Censored, all.Sent)
	switch {
	case lost.Low > StepErrors:
		return &Break{Lost: lost}
	case c.Window >= end && float64(intime) < StepAnswered*float64(all.Scheduled):
		return &Break{InTime: stat.Counts{K: intime, N: all.Scheduled}, Grace: grace}
	}
	return nil
}

// grace is how long after a step's end its answers may still come, by how long three
// quarters of the first step's took that has a rate above 0.
func grace(c *sample.Cell, steps []record.Step) time.Duration {
	first := max(0, slices.IndexFunc(steps, func(s record.Step) bool { return s.Rate > 0 }))
	seconds, _ := stepSeconds(c, steps[first])
	usual := sample.Responses(seconds)
	if usual.Total() < stat.TailCount {
		return StepGrace
	}
	return StepGrace + time.Duration(usual.At(stat.Rank(0.75, usual.Total())))
}

// answeredBy is how many of the slice's requests were surely answered rightly by
// a moment of the schedule: due times are known to the slice only, so that each
// counts as due at its end.
func answeredBy(s *sample.LoggedSlice, moment time.Duration) int64 {
	var n int64
	for _, b := range s.Responses {
		if b.Value <= int64(moment-s.End()) {
			n += b.Count
		}
	}
	return n
}
