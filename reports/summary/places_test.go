package summary_test

import (
	"encoding/json"
	"testing"

	"servebench/reports/stats/statstest"
)

// The tax and the meters, of a run that has much else.
func TestTaxGolden(t *testing.T) {
	doc := decode(t, write(t, statstest.Tax()))
	targets := doc["targets"].([]any)
	part := map[string]any{"tax": doc["tax"], "meters": targets[len(targets)-1].(map[string]any)["meters"]}
	text, err := json.MarshalIndent(part, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/tax.json", append(text, '\n'))
	places := doc["places"].([]any)
	if vm := places[2].(map[string]any); vm["acceleration"] != "TCG" || len(vm["unequal"].([]any)) != 1 {
		t.Errorf("the machine is %v, %v", vm["acceleration"], vm["unequal"])
	}
}

// A server that ran already has no cold start, which is not one of no time.
func TestRunningHasNoColdStart(t *testing.T) {
	doc := decode(t, write(t, statstest.Running()))
	if doc["tax"] != nil {
		t.Errorf("tax %v", doc["tax"])
	}
	for i, running := range []bool{false, true} {
		p := doc["places"].([]any)[i].(map[string]any)
		if p["running"] != running || (p["cold_start"] == nil) != running {
			t.Errorf("%v: running %v, cold start %v", p["target"], p["running"], p["cold_start"])
		}
	}
}
