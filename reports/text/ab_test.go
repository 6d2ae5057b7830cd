package text_test

import (
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// abTests are runs that compare two servers, of every verdict.
func abTests() map[string]recordtest.Plan {
	invalid := recordtest.Slower()
	invalid.Targets[0].Late = 100
	same := recordtest.Undecided()
	same.AB.Same = true
	same.AB.Candidate = same.AB.Baseline
	same.AB.Candidate.Target = record.Candidate
	early := recordtest.Slower()
	early.Rounds, early.Interrupted = 7, "stopped before candidate in round 8 of 30"
	absent := recordtest.Slower()
	absent.Rounds, absent.Targets[1].StartFails = 2, []int{1, 2}
	return map[string]recordtest.Plan{
		"ab-pass": recordtest.ABTest(), "ab-fail": recordtest.Slower(), "ab-undecided": recordtest.Undecided(),
		"ab-errors": recordtest.Failing(), "ab-invalid": invalid, "ab-same": same, "ab-early": early, "ab-absent": absent,
	}
}

// fixFolder makes a run's folder the same on every machine.
func fixFolder(a *analysis.Analysis) {
	made := a.Run.Dir
	a.Run.Dir = "runs/" + recordtest.ID
	if a.AB != nil {
		a.AB.Command = strings.ReplaceAll(a.AB.Command, made, a.Run.Dir)
	}
	for i := range a.Diagnostics {
		a.Diagnostics[i].Action = strings.ReplaceAll(a.Diagnostics[i].Action, made, a.Run.Dir)
	}
}
