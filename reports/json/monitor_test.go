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

// TestDrift reads what each policy of training a model again came to: what is not known is null.
func TestDrift(t *testing.T) {
	summary := decode(t, write(t, recordtest.Retrained()))
	all := summary["drift"].([]any)
	if len(all) != 3 {
		t.Fatalf("%d policies, want 3", len(all))
	}
	never, regular, onAlarm := all[0].(map[string]any), all[1].(map[string]any), all[2].(map[string]any)
	if onAlarm["target"] != "physical@retrain=on_alarm" || onAlarm["policy"] != "on_alarm" || onAlarm["shift_at_s"] != 6.0 || onAlarm["swapped_at_s"] != 10.02 || onAlarm["failed"] != 0.0 {
		t.Errorf("%v", onAlarm)
	}
	detectors := onAlarm["detectors"].(map[string]any)
	adwin, psi := detectors["adwin"].(map[string]any), detectors["psi"].(map[string]any)
	if adwin["fired_at_s"] != 8.4 || adwin["delay_s"] != 2.4 || adwin["false_alarms"] != 0.0 || psi["fired_at_s"] != nil || psi["false_alarms"] != 0.0 {
		t.Errorf("%v", detectors)
	}
	accuracy := onAlarm["accuracy"].(map[string]any)
	for part, n := range map[string]float64{"before": 6000, "during": 4000, "after": 9000, "whole": 20000} {
		if p := accuracy[part].(map[string]any); p["n"] != n || len(p["ci"].([]any)) != 2 {
			t.Errorf("accuracy %s: %v, want n %g and an interval", part, p, n)
		}
	}
	trained := onAlarm["retrainings"].([]any)[0].(map[string]any)
	if trained["training_s"] != 0.8 || trained["cpu_s"] != 0.71 || trained["rows"] != 4000.0 || trained["failed"] != nil || trained["load_swap"].(map[string]any)["response_ms"].(map[string]any)["n"] != 2200.0 {
		t.Errorf("%v", trained)
	}
	if a := never["accuracy"].(map[string]any); a["after"] != nil || never["swapped_at_s"] != nil || len(never["retrainings"].([]any)) != 0 {
		t.Errorf("%v, want nothing after a swap that there was not", never)
	}
	failed := regular["retrainings"].([]any)[2].(map[string]any)
	if failed["failed"] == nil || failed["swapped_at_s"] != nil || failed["accuracy"] != nil || failed["load_swap"] != nil {
		t.Errorf("%v", failed)
	}
	if none := decode(t, write(t, recordtest.Monitored()))["drift"].([]any); len(none) != 0 {
		t.Errorf("%v of a run without drift", none)
	}
}
