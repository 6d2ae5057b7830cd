package jsonreport_test

import (
	"testing"

	"servebench/reports/record/recordtest"
)

// TestMonitor reads the accuracy over time: a share with its interval, and null where none is known.
func TestMonitor(t *testing.T) {
	all := decode(t, write(t, recordtest.Monitored()))["monitor"].([]any)
	first, unwatched := all[0].(map[string]any), all[2].(map[string]any)
	accuracy := first["accuracy"].(map[string]any)
	if accuracy["value"] != 0.85 || accuracy["n"] != 4000.0 || len(accuracy["ci"].([]any)) != 2 {
		t.Errorf("accuracy: %v", accuracy)
	}
	lowest := first["lowest"].(map[string]any)
	if lowest["from_ms"] != 5000.0 || len(first["windows"].([]any)) != 10 {
		t.Errorf("%v", first)
	}
	if unwatched["accuracy"] != nil || unwatched["lowest"] != nil || unwatched["unwatched"] == nil {
		t.Errorf("%v", unwatched)
	}
}
