package stats

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
)

// abortsOf are the cells whose load abort_on or the end of the server ended.
func abortsOf(cells []*cell) []Abort {
	var all []Abort
	for _, c := range cells {
		if c.Aborted != "" {
			all = append(all, Abort{Round: c.Round, After: c.Window, Text: strings.TrimSpace(c.Aborted)})
		}
	}
	return all
}

// abortRounds names the rounds of aborts: "round 2", "rounds 1, 3".
func abortRounds(aborts []Abort) string {
	var all []int
	for _, abort := range aborts {
		all = append(all, abort.Round)
	}
	if named := distinct(all); len(named) > 1 {
		return "rounds " + format.List(named)
	}
	return fmt.Sprintf("round %d", all[0])
}

// Ended says that, when and why the load of a row was ended before its schedule did,
// "ended after 7.7 s of 20 s: abort_on: …"; "" of one that was played to its end.
// A pooled row tells the first.
func (r Row) Ended() string {
	text, span := "ended", r.Span/time.Duration(max(r.Rounds, 1))
	switch {
	case len(r.Aborts) > 0:
		first := r.Aborts[0]
		text += fmt.Sprintf(" after %s of %s", shortly(first.After), format.Duration(span))
		if r.Rounds > 1 {
			text += " in " + abortRounds(r.Aborts)
		}
		text += ": " + first.Text
	case r.Stopped && r.Rounds == 1:
		text += fmt.Sprintf(" after %s of %s, because it was stopped", shortly(r.Played), format.Duration(span))
	case r.Stopped:
		text += " before its time in the last round, because it was stopped"
	default:
		return ""
	}
	if r.NotDue > 0 && r.Concurrency == 0 {
		text += fmt.Sprintf("; %s of the requests scheduled were not due: the load was ended", format.Count(r.NotDue))
	}
	return text
}

// shortly is a duration to the millisecond.
func shortly(d time.Duration) string { return format.Duration(d.Round(time.Millisecond)) }

// endedLoad is a phase of a target whose load abort_on or the end of the server ended.
type endedLoad struct {
	target, phase string
	aborts        []Abort
}

// endedLoads finds them among warm-ups as well, since the phases after one that is
// ended are left out. Where a measured phase has steps, its end is what was looked
// for, and the steps tell it.
func (a *Analysis) endedLoads() []endedLoad {
	var all []endedLoad
	for _, t := range a.Run.Targets {
		for _, p := range a.Run.Scenario.Phases {
			if p.Measured && len(p.Steps) > 0 {
				continue
			}
			if aborts := abortsIn(a.Run, t.Name, p.Name); len(aborts) > 0 {
				all = append(all, endedLoad{t.Name, p.Name, aborts})
			}
		}
	}
	return all
}

func abortsIn(run *record.Run, target, phase string) []Abort {
	var cells []*cell
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Target == target && c.Phase == phase && c.Discarded == "" {
			cells = append(cells, &cell{Cell: c})
		}
	}
	return abortsOf(cells)
}

// aborted tells of loads that the server did not bear, as the scenario understands
// it: what was measured of them is a part.
func aborted(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, e := range a.endedLoads() {
		first := e.aborts[0]
		d := Diagnostic{
			Rule: "aborted", Target: e.target, Phase: e.phase, Figure: first.Text, Threshold: "none",
			Text: fmt.Sprintf("the load was ended in %s, first after %s: %s",
				abortRounds(e.aborts), shortly(first.After), first.Text),
			Action: "fix the server, or lower the rate (the scenario stress finds the one it sustains); the figures are of a part of the load",
		}
		if !phaseNamed(a.Run, e.phase).Measured {
			d.Action = "fix the server, or lower the rate (the scenario stress finds the one it sustains); the phases after it were left out"
		}
		if len(e.aborts) == 1 {
			d.Round = first.Round
		}
		all = append(all, d)
	}
	return all
}

// overwhelmed says that a load without steps was ended because of the server.
func (a *Analysis) overwhelmed(t record.Target) (ServerFailure, bool) {
	for _, e := range a.endedLoads() {
		if e.target == t.Name {
			return ServerFailure{
				Text:  fmt.Sprintf("did not bear the load of phase %s in %s", e.phase, abortRounds(e.aborts)),
				Cause: firstLine(e.aborts[0].Text),
			}, true
		}
	}
	return ServerFailure{}, false
}

// failAborted fails the limits of a phase whose load was ended, or that was left out
// because an earlier one's was: what was not sent any more was not served within
// them.
func failAborted(a *Analysis, target, phase string, gates []Gate) {
	why := a.abortOf(target, phase)
	for i := range gates {
		if why != "" && gates[i].Verdict != Fail {
			gates[i].Verdict, gates[i].Why = Fail, why
		}
	}
}

// abortOf says which abort kept a measured phase from being played whole; "" when
// none did.
func (a *Analysis) abortOf(target, phase string) string {
	for _, row := range a.Rows {
		if row.Target == target && row.Phase == phase && len(row.Aborts) > 0 {
			return fmt.Sprintf("the load was aborted in %s: %s", abortRounds(row.Aborts), row.Aborts[0].Text)
		}
	}
	for _, e := range a.endedLoads() {
		left := slices.DeleteFunc(e.aborts, func(abort Abort) bool {
			return slices.ContainsFunc(a.Cells, func(r Row) bool { return r.Target == target && r.Phase == phase && r.Round == abort.Round })
		})
		if e.target == target && len(left) > 0 {
			return fmt.Sprintf("the load was aborted before it in %s, in phase %s: %s", abortRounds(left), e.phase, left[0].Text)
		}
	}
	return ""
}
