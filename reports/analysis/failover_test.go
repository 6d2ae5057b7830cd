package analysis_test

import (
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestIdleFault warns of a fault that hit a replica without load.
func TestIdleFault(t *testing.T) {
	for hit, want := range map[string]string{"idle": "process-kill at 4 s hit a replica without load in rounds 1, 2, 3,", "busy": "", "": ""} {
		run := recordtest.Open(t, recordtest.Failover())
		for i := range run.Targets {
			for _, d := range run.Targets[i].Deployments {
				for k := range d.Events {
					if e := &d.Events[k]; e.Kind == record.EventInjected && run.Targets[i].Name == "physical" {
						e.Replica = hit
					}
				}
			}
		}
		for i := range run.Cells {
			c := &run.Cells[i]
			c.Replicas = []record.Replica{{ID: "busy", Last: c.Span, OK: c.Ledger.OK, Before: []record.AnswersBefore{{Fault: run.Scenario.Faults[0].At, Answers: 100}}}}
		}
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range a.Diagnostics {
			if d.Rule == "idle-fault" {
				got = d.Text
			}
		}
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", hit, got, want)
		}
	}
}
