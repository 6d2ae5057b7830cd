package trial

import (
	"context"
	"fmt"
	"slices"

	"servebench/reports/record"
)

// disturbance is a trial in which the instrument could not be believed.
type disturbance struct {
	trial trial
	why   string
}

// reruns are the trials to rerun.
type reruns struct {
	waiting []disturbance // in the order they are rerun
	left    int           // how many more the scenario allows
	// believed says that there was load with an instrument to be believed.
	believed bool
}

// rerun reruns the disturbed trials. When in none at all the instrument was
// to be believed, none is rerun: the reason is then more than a passing
// one, and the run is what it is.
func (s *session) rerun(ctx context.Context, again *reruns) {
	for again.believed && len(again.waiting) > 0 {
		s.clock.trials = len(again.waiting)
		d := again.waiting[0]
		again.waiting = again.waiting[1:]
		v := d.trial
		v.attempt++
		if s.halted(ctx, v) {
			return
		}
		s.discard(d)
		if s.attend(ctx, v); s.over() {
			return
		}
		s.judge(v, again)
	}
}

// judge asks whether a trial is to be rerun, as far as the scenario has reruns
// left for it. One without load says nothing of the instrument.
func (s *session) judge(v trial, again *reruns) {
	if !s.measured(v) {
		return
	}
	switch why := s.diagnose(v); {
	case why == "":
		again.believed = true
	case again.left > 0:
		again.left--
		again.waiting = append(again.waiting, disturbance{trial: v, why: why})
	}
}

// measured reports whether a trial has load whose figures count.
func (s *session) measured(v trial) bool {
	return slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Measured && c.Trial() == v.id() })
}

// diagnose asks whether the instrument can be believed in a trial.
func (s *session) diagnose(v trial) string {
	if s.Diagnose == nil {
		return ""
	}
	why, err := s.Diagnose(s.record, v.id())
	if err != nil {
		s.fault(v, "", fmt.Errorf("examine the instrument: %w", err))
	}
	return why
}

// discard marks the cells of a trial that is rerun.
func (s *session) discard(d disturbance) {
	s.note("%s is discarded and rerun: %s", d.trial, d.why)
	for i := range s.record.Cells {
		if s.record.Cells[i].Trial() == d.trial.id() {
			s.record.Cells[i].Discarded = d.why
		}
	}
}
