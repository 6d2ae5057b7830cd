package trial

import (
	"context"
	"fmt"
	"slices"

	"servebench/reports/record"
)

// playRounds plays the rounds of load, and then deploys the targets for their cold
// starts alone, all as far as nobody stops it.
func (s *session) playRounds(ctx context.Context) {
	names := s.variantNames()
	next := planRounds(names, s.scenario.Seed)
	s.setClock(names)
	if len(s.scenario.Load) > 0 {
		s.playLoad(ctx, next)
	}
	for alone := 1; alone <= s.scenario.ColdStarts && !s.planOver(); alone++ {
		s.playColdStarts(ctx, next(), alone)
	}
}

func (s *session) setClock(names []string) {
	if len(s.scenario.Load) > 0 {
		s.clock.trials = s.rounds * len(names)
	}
	for _, p := range s.record.Scenario.Phases {
		s.clock.load += p.Duration
	}
	for _, name := range names {
		if !s.targetEntry(name).Running {
			s.clock.alone += s.scenario.ColdStarts
		}
	}
}

// playLoad plays the rounds of the plan, and then reruns those trials in which the
// instrument was disturbed.
func (s *session) playLoad(ctx context.Context, next func() round) {
	budget := &reruns{left: s.scenario.Reruns, inRow: map[string]int{}}
	for range s.rounds {
		r := next()
		for _, target := range r.targets {
			t := trial{Trial: record.Trial{Round: r.number, Target: target}}
			if slices.Contains(s.neverReady, target) {
				s.clock.trials--
				continue
			}
			if s.stoppedBefore(ctx, t) || !s.runTrial(ctx, t) {
				return
			}
			s.judgeTrial(t, budget)
		}
	}
	s.rerunDisturbed(ctx, budget)
}

// playColdStarts deploys every target for its start alone, but for those that have
// none.
func (s *session) playColdStarts(ctx context.Context, r round, alone int) {
	for _, target := range r.targets {
		if s.targetEntry(target).Running || slices.Contains(s.neverReady, target) {
			continue
		}
		t := trial{Trial: record.Trial{Round: r.number, Target: target}, alone: alone}
		if s.stoppedBefore(ctx, t) || !s.runTrial(ctx, t) {
			return
		}
	}
}

// reruns are what a run puts up with from its instrument.
type reruns struct {
	left      int            // how many trials may be rerun yet
	believed  bool           // there was load with an instrument to be believed
	disturbed int            // trials in which it was not, reruns included
	inRow     map[string]int // how many trials of a target were disturbed since its last that was not
	waiting   []disturbance  // in the order they are rerun
}

// mostInRow is how many trials of a target may be disturbed one after the other, when those of
// others in between are not: the reason is then more than a passing one.
const mostInRow = 3

// disturbance is a trial in which the instrument could not be believed.
type disturbance struct {
	trial trial
	why   string
}

// judgeTrial asks whether a trial is to be rerun, as far as the scenario has reruns
// left for it. One without load says nothing of the instrument.
func (s *session) judgeTrial(t trial, budget *reruns) {
	if !s.measured(t) {
		return
	}
	switch why := s.diagnose(t); {
	case why == "":
		budget.believed, budget.inRow[t.Target] = true, 0
		return
	default:
		budget.disturbed++
		budget.inRow[t.Target]++
		if budget.left > 0 {
			budget.left--
			budget.waiting = append(budget.waiting, disturbance{t, why})
		}
	}
}

// rerunDisturbed reruns the disturbed trials. When in none at all the instrument was
// to be believed, none is rerun: the reason is then more than a passing
// one, and the run is what it is. A scenario with scaling takes minutes and has one round
// mostly, from which that cannot be known: there one trial is rerun.
func (s *session) rerunDisturbed(ctx context.Context, budget *reruns) {
	for len(budget.waiting) > 0 && (budget.believed || s.scenario.Scaling != nil && budget.disturbed <= len(s.variants)) {
		s.clock.trials = len(budget.waiting)
		d := budget.waiting[0]
		budget.waiting = budget.waiting[1:]
		t := d.trial
		if n := budget.inRow[t.Target]; n >= mostInRow {
			s.note("%s: no trial is rerun any more, since the load generator was disturbed in %d in a row: %s", t.Target, n, d.why)
			budget.waiting = slices.DeleteFunc(budget.waiting, func(d disturbance) bool { return d.trial.Target == t.Target })
			continue
		}
		t.Attempt++
		if s.stoppedBefore(ctx, t) {
			return
		}
		s.discardTrial(d)
		if !s.runTrial(ctx, t) {
			return
		}
		s.judgeTrial(t, budget)
	}
}

// measured reports whether a trial has load whose figures count.
func (s *session) measured(t trial) bool {
	return slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Measured && c.Trial() == t.Trial })
}

// diagnose says why the measurement is not valid in a trial; "" when it can be.
func (s *session) diagnose(t trial) string {
	if s.Diagnose == nil {
		return ""
	}
	why, err := s.Diagnose(s.record, t.Trial)
	if err != nil {
		s.fault(t, "", fmt.Errorf("examine the load generator: %w", err), false)
	}
	return why
}

func (s *session) discardTrial(d disturbance) {
	s.note("%s is discarded and rerun: %s", d.trial, d.why)
	s.discardCells(d.why, func(c *record.Cell) bool { return c.Trial() == d.trial.Trial })
}

func (s *session) discardCells(why string, which func(*record.Cell) bool) {
	for i := range s.record.Cells {
		if c := &s.record.Cells[i]; which(c) {
			c.Discarded = why
		}
	}
}
