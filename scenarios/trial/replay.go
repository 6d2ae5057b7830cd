package trial

import (
	"context"
	"fmt"
	"slices"

	"servebench/reports/record"
)

// disturbance is a visit in which the instrument could not be believed.
type disturbance struct {
	visit visit
	why   string
}

// replays are the visits to play again.
type replays struct {
	waiting []disturbance // in the order they are played again
	spare   int           // how many more the scenario allows
	// believed says that there was load with an instrument to be believed.
	believed bool
}

// replay plays the disturbed visits again. When in none at all the instrument was
// to be believed, none is played again: the reason is then more than a passing
// one, and the run is what it is.
func (s *session) replay(ctx context.Context, again *replays) {
	for again.believed && len(again.waiting) > 0 {
		s.clock.visits = len(again.waiting)
		d := again.waiting[0]
		again.waiting = again.waiting[1:]
		v := d.visit
		v.attempt++
		if s.halted(ctx, v) {
			return
		}
		s.setAside(d)
		if s.attend(ctx, v); s.over() {
			return
		}
		s.judge(v, again)
	}
}

// judge asks whether a visit is to be played again, as far as the scenario spares
// visits for it. One without load says nothing of the instrument.
func (s *session) judge(v visit, again *replays) {
	if !s.measured(v) {
		return
	}
	switch why := s.doubt(v); {
	case why == "":
		again.believed = true
	case again.spare > 0:
		again.spare--
		again.waiting = append(again.waiting, disturbance{visit: v, why: why})
	}
}

// measured reports whether a visit has load whose figures count.
func (s *session) measured(v visit) bool {
	return slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Measured && c.Visit() == v.id() })
}

// doubt asks whether the instrument can be believed in a visit.
func (s *session) doubt(v visit) string {
	if s.Doubt == nil {
		return ""
	}
	why, err := s.Doubt(s.record, v.id())
	if err != nil {
		s.fault(v, "", fmt.Errorf("examine the instrument: %w", err))
	}
	return why
}

// setAside marks the cells of a visit that is played again.
func (s *session) setAside(d disturbance) {
	s.note("%s is set aside and played again: %s", d.visit, d.why)
	for i := range s.record.Cells {
		if s.record.Cells[i].Visit() == d.visit.id() {
			s.record.Cells[i].SetAside = d.why
		}
	}
}
