package jsonreport_test

import (
	"encoding/json"
	"testing"

	"servebench/reports/record/recordtest"
)

// The overhead and the meters, of a run that has much else.
func TestOverheadGolden(t *testing.T) {
	doc := decode(t, write(t, recordtest.Overhead()))
	targets := doc["targets"].([]any)
	part := map[string]any{"overhead": doc["overhead"], "meters": targets[len(targets)-1].(map[string]any)["meters"]}
	text, err := json.MarshalIndent(part, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/overhead.json", append(text, '\n'))
	deployments := doc["deployments"].([]any)
	if vm := deployments[2].(map[string]any); vm["acceleration"] != "TCG" || len(vm["unequal"].([]any)) != 1 {
		t.Errorf("the machine is %v, %v", vm["acceleration"], vm["unequal"])
	}
}

// A server that ran already has no cold start, which is not one of no time.
func TestRunningHasNoColdStart(t *testing.T) {
	doc := decode(t, write(t, recordtest.Running()))
	if doc["overhead"] != nil {
		t.Errorf("overhead %v", doc["overhead"])
	}
	for i, running := range []bool{false, true} {
		p := doc["deployments"].([]any)[i].(map[string]any)
		if p["running"] != running || (p["cold_start"] == nil) != running {
			t.Errorf("%v: running %v, cold start %v", p["target"], p["running"], p["cold_start"])
		}
	}
}

// Each start is there by itself, and one that failed says why.
func TestEveryStart(t *testing.T) {
	doc := decode(t, write(t, recordtest.ColdStart()))
	starts := doc["deployments"].([]any)[1].(map[string]any)["cold_start"].(map[string]any)["starts"].([]any)
	failed := 0
	for i, s := range starts {
		one := s.(map[string]any)
		stages := one["stages"].([]any)
		if one["failed"] != nil {
			failed++
		}
		if one["round"] != float64(i+1) || one["alone"] != true || (one["failed"] == nil) != (len(stages) == 4) || (one["preparation_ms"] == nil) != (len(stages) == 0) {
			t.Errorf("start %d: %v", i+1, one)
		}
	}
	if len(starts) != 20 || failed != 2 {
		t.Errorf("%d starts, %d failed", len(starts), failed)
	}
}

// Where nothing was measured, nothing is said of the instrument.
func TestNoResult(t *testing.T) {
	p := recordtest.ColdStart()
	for i := range p.Targets {
		p.Targets[i].Unavailable = "not here"
	}
	if doc := decode(t, write(t, p)); doc["validity"] != "NO RESULT" {
		t.Errorf("validity %v", doc["validity"])
	}
}
