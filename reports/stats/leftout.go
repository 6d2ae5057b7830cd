package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// LeftOut is a phase that was not played on a target, because a condition of the
// scenario's had ended the load of a phase before it.
type LeftOut struct {
	Target, Phase string
	Round         int
	Ended         string // the phase whose load was ended
	Why           string // the condition with its figure
}

// LeftOut lists them: targets and phases in the scenario's order, then by round.
// Warm-ups are among them.
func (a *Analysis) LeftOut() []LeftOut {
	var all []LeftOut
	for _, t := range a.Run.Targets {
		for i, p := range a.Run.Scenario.Phases {
			for _, ended := range a.Run.Scenario.Phases[:i] {
				for _, abort := range abortsIn(a.Run, t.Name, ended.Name) {
					if !played(a.Run, t.Name, p.Name, abort.Round) {
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

// leftOut tells of them, in one diagnostic for all that the end of one phase left out.
func leftOut(a *Analysis) []Diagnostic {
	type end struct{ target, phase string }
	var order []end
	groups := make(map[end][]LeftOut)
	for _, l := range a.LeftOut() {
		k := end{l.Target, l.Ended}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], l)
	}
	var all []Diagnostic
	for _, k := range order {
		all = append(all, leftOutAfter(groups[k]))
	}
	return all
}

func leftOutAfter(group []LeftOut) Diagnostic {
	var phases []string
	var all []int
	for _, l := range group {
		if !slices.Contains(phases, l.Phase) {
			phases = append(phases, l.Phase)
		}
		all = append(all, l.Round)
	}
	first, rounds := group[0], distinct(all)
	what := "phase " + phases[0] + " was"
	if len(phases) > 1 {
		what = "phases " + strings.Join(phases, ", ") + " were"
	}
	in := fmt.Sprintf("round %d", rounds[0])
	if len(rounds) > 1 {
		in = "rounds " + format.List(rounds)
	}
	return Diagnostic{
		Rule: "left-out", Target: first.Target, Figure: "left out: " + strings.Join(phases, ", "), Threshold: "none",
		Text:   fmt.Sprintf("%s left out in %s, because phase %s was ended before: %s", what, in, first.Ended, first.Why),
		Action: "fix the server, lower the rate of that phase, put it last, or loosen abort_on",
	}
}
