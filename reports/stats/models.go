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

// ByStatus says that the answers of a row were judged by their status alone: the
// phase asks for no model, so that there is no prediction to compare them with.
func (a *Analysis) ByStatus(r Row) bool {
	p := phaseNamed(a.Run, r.Phase)
	return r.Agreement.N == 0 && p.Model == "" && !slices.ContainsFunc(p.Mix, func(c record.Class) bool { return c.Model != "" })
}

// JudgedByStatus says so of every row, of which there is at least one.
func (a *Analysis) JudgedByStatus() bool {
	return len(a.Rows) > 0 && !slices.ContainsFunc(a.Rows, func(r Row) bool { return !a.ByStatus(r) })
}
