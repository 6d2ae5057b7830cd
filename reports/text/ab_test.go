package text_test

import (
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/reports/stats/statstest"
)

// abTests are runs that compare two servers, of every verdict.
func abTests() map[string]statstest.Plan {
	invalid := statstest.Slower()
	invalid.Targets[0].Late = 100
	same := statstest.Undecided()
	same.AB.Same = true
	same.AB.Candidate = same.AB.Baseline
	same.AB.Candidate.Target = record.Candidate
	early := statstest.Slower()
	early.Rounds, early.Interrupted = 7, "stopped before candidate in round 8 of 30"
	absent := statstest.Slower()
	absent.Rounds, absent.Targets[1].StartFails = 2, []int{1, 2}
	return map[string]statstest.Plan{
		"ab-pass": statstest.ABTest(), "ab-fail": statstest.Slower(), "ab-undecided": statstest.Undecided(),
		"ab-errors": statstest.Failing(), "ab-invalid": invalid, "ab-same": same, "ab-early": early, "ab-absent": absent,
	}
}

// fixFolder makes a run's folder the same on every machine.
func fixFolder(a *stats.Analysis) {
	made := a.Run.Dir
	a.Run.Dir = "runs/" + statstest.ID
	if a.AB != nil {
		a.AB.Command = strings.ReplaceAll(a.AB.Command, made, a.Run.Dir)
	}
	for i := range a.Diagnostics {
		a.Diagnostics[i].Action = strings.ReplaceAll(a.Diagnostics[i].Action, made, a.Run.Dir)
	}
}
