package compare

import (
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/record"
)

// Missing is a target, or a part of what was measured of it, that only one of two
// runs has.
type Missing struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`       // "" with Starts false: the whole target
	Starts bool   `json:"cold_starts"` // its cold starts
	InBase bool   `json:"in_base"`     // the base has it, the new run does not; false: the other way round
	Why    string `json:"why"`         // as the run that lacks it says; "" where it does not
}

// missing are those of the new run, then those of the base.
func missing(base, fresh *analysis.Analysis) []Missing {
	all := lacking(base, fresh)
	for i := range all {
		all[i].InBase = true
	}
	return append(all, lacking(fresh, base)...)
}

// lacking is what a run has and another lacks.
func lacking(a, other *analysis.Analysis) []Missing {
	var all []Missing
	have := targetPhases(other)
	for _, p := range targetPhases(a) {
		m := Missing{Target: p.target, Phase: p.phase, Starts: p.phase == "", Why: why(other.Run, p.target)}
		if !slices.ContainsFunc(have, func(h targetPhase) bool { return h.target == p.target }) {
			m.Phase, m.Starts = "", false
		}
		if !slices.Contains(have, p) && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// why says why a target did not run.
func why(run *record.Run, target string) string {
	i := slices.IndexFunc(run.Targets, func(t record.Target) bool { return t.Name == target })
	if i < 0 {
		return ""
	}
	return run.Targets[i].Unavailable
}
