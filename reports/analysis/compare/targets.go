package compare

import (
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/record"
)

// targetTraits are the facts of a target that are not mere remarks.
func targetTraits() map[string]trait {
	return map[string]trait{
		"CPUs":         {Limits, nil},
		"memory limit": {Limits, nil},
		"GOMAXPROCS":   {Limits, nil},
		"guest CPUs":   {Limits, nil},
		"guest memory": {Limits, nil},
		"memory size":  {Limits, nil},
		"CPU share":    {Limits, nil},
		"limits":       {Limits, nil},
		"acceleration": {Target, nil},
		"network":      {Target, nil},
		"network path": {Target, nil},
		"concurrency":  {Target, nil},
		"freezing":     {Target, nil},
		"guest clock":  {Target, nil},
		"TLS":          {Client, nil},
	}
}

// passingOnTargets are the facts of one start, and what a container's server is in.
func passingOnTargets() []string {
	return []string{"image", "image preparation", "preparation", "guest boot", "start"}
}

// targetFacts compares the targets that ran in both.
func targetFacts(base, fresh *record.Run) []Difference {
	var all []Difference
	for _, b := range base.Targets {
		i := slices.IndexFunc(fresh.Targets, func(n record.Target) bool { return n.Name == b.Name })
		if i < 0 || b.Unavailable != "" || fresh.Targets[i].Unavailable != "" {
			continue
		}
		n := fresh.Targets[i]
		all = append(all, differ(Target, b.Name, "server", started(b), started(n))...)
		all = append(all, factsDiffer(b.Name, b.Facts, n.Facts, targetTraits(), passingOnTargets())...)
	}
	return all
}

func started(t record.Target) string {
	if t.Running {
		return "ran already"
	}
	return "started for the run"
}

// targetPhase is a target in a measured phase; the phase is "" of its cold starts.
type targetPhase struct{ target, phase string }

// targetPhases are those that were measured, in the run's order, a target's cold starts
// behind its phases.
func targetPhases(a *analysis.Analysis) []targetPhase {
	var all []targetPhase
	for _, row := range a.Rows {
		if row.Ledger.Sent > 0 {
			all = append(all, targetPhase{row.Target, row.Phase})
		}
	}
	for _, c := range a.ColdStarts() {
		if c.N > 0 {
			all = append(all, targetPhase{c.Target, ""})
		}
	}
	return all
}
