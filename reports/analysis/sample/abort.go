package sample

import (
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
)

// Abort is the end of a load that a condition of the scenario's made.
type Abort struct {
	Round int           `json:"round"`
	After time.Duration `json:"after_ms"` // of sending
	Text  string        `json:"why"`      // the condition with its figure
}

// abortsOf are the cells whose load abort_on or the end of the server ended.
func abortsOf(cells []*Cell) []Abort {
	var all []Abort
	for _, c := range cells {
		if c.Aborted != "" {
			all = append(all, Abort{Round: c.Round, After: c.Window, Text: strings.TrimSpace(c.Aborted)})
		}
	}
	return all
}

// AbortRounds are the rounds of aborts, ascending.
func AbortRounds(aborts []Abort) []int {
	var all []int
	for _, abort := range aborts {
		all = append(all, abort.Round)
	}
	return Distinct(all)
}

// Ended says that the load of a row was ended before its schedule did.
func (r Row) Ended() bool { return len(r.Aborts) > 0 || r.Stopped }

// Shortly is a duration to the millisecond.
func Shortly(d time.Duration) string { return format.Duration(d.Round(time.Millisecond)) }

// endedLoad is a phase of a target whose load abort_on or the end of the server ended.
type endedLoad struct {
	Target, Phase string
	Aborts        []Abort
}

// EndedLoads finds them among warm-ups as well, since the phases after one that is
// ended are left out. Where a measured phase has steps, its end is what was looked
// for, and the steps tell it, as is that of a step in a search for a capacity.
func (s *Set) EndedLoads() []endedLoad {
	var all []endedLoad
	if s.Run.Capacity != nil {
		return nil
	}
	for _, t := range s.Run.Targets {
		for _, p := range s.Run.Scenario.Phases {
			if p.Measured && len(p.Steps) > 0 {
				continue
			}
			if aborts := abortsIn(s.Run, t.Name, p.Name); len(aborts) > 0 {
				all = append(all, endedLoad{t.Name, p.Name, aborts})
			}
		}
	}
	return all
}

func abortsIn(run *record.Run, target, phase string) []Abort {
	var cells []*Cell
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Target == target && c.Phase == phase && c.Discarded == "" {
			cells = append(cells, &Cell{Cell: c})
		}
	}
	return abortsOf(cells)
}

// LoadAbort is what kept a measured phase from being played whole.
type LoadAbort struct {
	Before string  // the phase before it whose load was ended; "": its own was
	Aborts []Abort // by round, at least one
}

// AbortOf is the abort that kept a measured phase from being played whole; nil when
// none did.
func (s *Set) AbortOf(target, phase string) *LoadAbort {
	for _, row := range s.Rows {
		if row.Target == target && row.Phase == phase && len(row.Aborts) > 0 {
			return &LoadAbort{Aborts: row.Aborts}
		}
	}
	for _, e := range s.EndedLoads() {
		left := slices.DeleteFunc(e.Aborts, func(abort Abort) bool {
			return slices.ContainsFunc(s.Cells, func(r Row) bool { return r.Target == target && r.Phase == phase && r.Round == abort.Round })
		})
		if e.Target == target && len(left) > 0 {
			return &LoadAbort{e.Phase, left}
		}
	}
	return nil
}

// LeftOut is a phase that was not played on a target, because a condition of the
// scenario's had ended the load of a phase before it.
type LeftOut struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`
	Round  int    `json:"round"`
	Ended  string `json:"ended_phase"` // the phase whose load was ended
	Why    string `json:"why"`         // the condition with its figure
}

// LeftOut lists them: targets and phases in the scenario's order, then by round.
// Warm-ups are among them.
func (s *Set) LeftOut() []LeftOut {
	var all []LeftOut
	if s.Run.Capacity != nil {
		return nil
	}
	for _, t := range s.Run.Targets {
		for i, p := range s.Run.Scenario.Phases {
			for _, ended := range s.Run.Scenario.Phases[:i] {
				for _, abort := range abortsIn(s.Run, t.Name, ended.Name) {
					if !played(s.Run, t.Name, p.Name, abort.Round) {
						all = append(all, LeftOut{t.Name, p.Name, abort.Round, ended.Name, abort.Text})
					}
				}
			}
		}
	}
	return all
}

// played says that a phase was begun in a round that counts.
func played(run *record.Run, target, phase string, round int) bool {
	return slices.ContainsFunc(run.Cells, func(c record.Cell) bool {
		return c.Target == target && c.Phase == phase && c.Round == round && c.Discarded == ""
	})
}
