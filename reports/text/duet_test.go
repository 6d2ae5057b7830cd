package text_test

import (
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/reports/stats/statstest"
)

// duets are runs that compare two servers, of every verdict.
func duets() map[string]statstest.Plan {
	invalid := statstest.Slower()
	invalid.Targets[0].Late = 100
	same := statstest.Undecided()
	same.Duet.Same = true
	same.Duet.Candidate = same.Duet.Baseline
	same.Duet.Candidate.Target = record.Candidate
	early := statstest.Slower()
	early.Rounds, early.Interrupted = 7, "stopped before candidate in round 8 of 30"
	absent := statstest.Slower()
	absent.Rounds, absent.Targets[1].StartFails = 2, []int{1, 2}
	return map[string]statstest.Plan{
		"duet-pass": statstest.Duet(), "duet-fail": statstest.Slower(), "duet-undecided": statstest.Undecided(),
		"duet-errors": statstest.Failing(), "duet-invalid": invalid, "duet-same": same, "duet-early": early, "duet-absent": absent,
	}
}

// place makes a run's folder the same on every machine.
func place(a *stats.Analysis) {
	made := a.Run.Dir
	a.Run.Dir = "runs/" + statstest.ID
	if a.Duet != nil {
		a.Duet.Command = strings.ReplaceAll(a.Duet.Command, made, a.Run.Dir)
	}
	for i := range a.Diagnostics {
		a.Diagnostics[i].Action = strings.ReplaceAll(a.Diagnostics[i].Action, made, a.Run.Dir)
	}
}
