package sentence

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// LoadConditions say under which load the figures of each phase came about, and which times they are.
func LoadConditions(a *analysis.Analysis) []string {
	var all []string
	for _, p := range measuredPhases(a) {
		all = append(all, loadCondition(a, p))
	}
	if len(all) == 0 {
		return nil
	}
	if a.Validity == record.Invalid {
		all = append([]string{"INVALID: these figures may help to find the fault. They are not results."}, all...)
	}
	text := "p50 and p99 are response times, from when " + Due(a) + " to the end of " + Answer(a) +
		"; what failed counts under errors."
	if unmeasured := unmeasured(a); len(unmeasured) > 0 && a.Run.Capacity == nil { // whose steps have a table
		text += " Not measured: " + Listed(unmeasured) + "."
	}
	for _, p := range measuredPhases(a) {
		if len(p.Steps) > 1 && len(a.Stepped) > 0 {
			text += fmt.Sprintf(" The figures of %s are of all its rates together; the steps below have those of each.", p.Name)
		}
	}
	return append(all, text)
}

func loadCondition(a *analysis.Analysis, p record.Phase) string {
	rounds := 0
	for _, r := range a.Rows {
		if r.Phase == p.Name {
			rounds = max(rounds, r.Rounds)
		}
	}
	name := p.Name
	if model := a.ModelOf(p); model != "" {
		name += ", model " + model
	}
	return fmt.Sprintf("%s: %s, %s.", name, load(p), format.Plural(rounds, "round"))
}

// PhaseConditions states the load of a phase, whose rows are all that the analysis has, its
// rounds, the warm-up, n of each target and what became of the requests that have no latency.
func PhaseConditions(a *analysis.Analysis, p record.Phase) string {
	rounds, lost := 0, false
	var parts []string
	for _, r := range a.Rows {
		rounds = max(rounds, r.Rounds)
		n := a.Label(r.Target) + " " + format.Count(r.Ledger.OK)
		if l := r.Ledger; l.OK != l.Sent {
			lost = true
			n += fmt.Sprintf(" of %s (%s failed, %s censored)", format.Count(l.Sent), format.Count(l.Failed), format.Count(l.Censored))
		}
		parts = append(parts, n)
	}
	text := format.Sentence(load(p)+", "+format.Plural(rounds, "round")) + " " + WarmUp(a) +
		" Requests " + answered(a, a.Rows[0]) + ", n: " + strings.Join(parts, "; ") + "."
	if !lost {
		text += " No request failed or was censored."
	}
	return text
}

// WarmUp names the phases that are in no figure, with how long each took.
func WarmUp(a *analysis.Analysis) string {
	var names []string
	for _, p := range a.Run.Scenario.Phases {
		if !p.Measured {
			names = append(names, p.Name+" ("+format.Duration(p.Duration)+")")
		}
	}
	if len(names) == 0 {
		return "No warm-up was run or removed."
	}
	return "Not measured and removed in each round: " + strings.Join(names, ", ") + "."
}

// unmeasured names the phases that are in no figure.
func unmeasured(a *analysis.Analysis) []string {
	var names []string
	for _, p := range a.Run.Scenario.Phases {
		if !p.Measured {
			names = append(names, p.Name)
		}
	}
	return names
}

// measuredPhases are the phases that have figures.
func measuredPhases(a *analysis.Analysis) []record.Phase {
	return slices.DeleteFunc(slices.Clone(a.Run.Scenario.Phases), func(p record.Phase) bool {
		return !slices.ContainsFunc(a.Rows, func(r sample.Row) bool { return r.Phase == p.Name })
	})
}
