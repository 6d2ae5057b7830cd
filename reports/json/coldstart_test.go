package jsonreport_test

import (
	"bytes"
	"testing"

	"servebench/reports/analysis"
	jsonreport "servebench/reports/json"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// Starts without a right first answer, and the faults of the run, are told.
func TestWhatWentWrongIsTold(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	for i := range run.Targets[1].Deployments {
		d := &run.Targets[1].Deployments[i]
		d.FirstAnswerError, d.Stages = "status 404", d.Stages[:2]
	}
	run.Faults = []record.Fault{{Text: "save run: no space left on device"}}
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := jsonreport.Write(&text, a); err != nil {
		t.Fatal(err)
	}
	doc := decode(t, text.Bytes())
	container := doc["targets"].([]any)[1].(map[string]any)
	if container["cold_start_ms"] != nil || len(container["unanswered_starts_ms"].([]any)) != 3 {
		t.Errorf("cold start %v, unanswered %v", container["cold_start_ms"], container["unanswered_starts_ms"])
	}
	rules := map[string]bool{}
	for _, d := range doc["diagnostics"].([]any) {
		rules[d.(map[string]any)["rule"].(string)] = true
	}
	if !rules["fault"] || !rules["first-answer"] {
		t.Errorf("diagnostics %v, want the fault and the missing first answers", rules)
	}
}
