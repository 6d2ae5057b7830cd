package stats

import (
	"slices"

	"servebench/reports/record"
)

// ModelOf is the model that a phase asks for, to be named beside the phase; ""
// where all phases of the run ask for the same one, or it is not known.
func (a *Analysis) ModelOf(phase record.Phase) string {
	phases := a.Run.Scenario.Phases
	if !slices.ContainsFunc(phases, func(p record.Phase) bool { return p.Model != phases[0].Model }) {
		return ""
	}
	return phase.Model
}

// RunsAlready says that the server of a target was not started here.
func (a *Analysis) RunsAlready(target string) bool {
	return slices.ContainsFunc(a.Run.Targets, func(t record.Target) bool { return t.Name == target && t.Running })
}
