package stats

import (
	"slices"
	"strings"

	"servebench/reports/record"
)

// Nothing says why there is no result: no request of a measured phase was sent, or,
// in a run of starts alone, no start came to its first answer. "" when there is
// one, be it good or bad, and when the run was Refused.
func (a *Analysis) Nothing() string {
	if a.measured() || a.Refused() {
		return ""
	}
	var reasons []string
	for _, t := range a.ServerFailures() {
		reasons = append(reasons, t.Says())
	}
	if a.Run.Interrupted != "" {
		reasons = append(reasons, "the run was interrupted: "+strings.TrimRight(a.Run.Interrupted, ". "))
	}
	if len(reasons) > 0 {
		return strings.Join(reasons, "; ")
	}
	switch {
	case !slices.ContainsFunc(a.Run.Targets, func(t record.Target) bool { return t.Unavailable == "" }):
		return "no target can run here"
	case a.OnlyStarts() && !slices.ContainsFunc(a.Run.Targets, func(t record.Target) bool { return t.Unavailable == "" && !t.Running }):
		return "the servers are not started here, so that there is no start"
	case a.OnlyStarts() && !a.Run.Finished.IsZero():
		return "no start came to its first answer"
	case !a.OnlyStarts() && !slices.ContainsFunc(a.Run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		return "no phase of the scenario is measured"
	case a.Run.Finished.IsZero():
		return "the run has not come to its end"
	}
	return "no request of a measured phase was sent"
}

// begin says what to do when nothing was measured.
func (a *Analysis) begin() string {
	switch {
	case len(a.ServerFailures()) > 0:
		return "mend what the server says and run it again"
	case a.Run.Interrupted != "" || a.Run.Finished.IsZero():
		return "run it again to its end"
	case a.OnlyStarts():
		return "see the targets for what is missing"
	case slices.ContainsFunc(a.Run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		return "see the targets for what is missing"
	}
	return "leave measure: false out of at least one phase"
}
