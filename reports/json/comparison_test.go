package jsonreport_test

import (
	"bytes"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	jsonreport "servebench/reports/json"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// compared is the JSON of a plan's run held against that of recordtest.Compare.
func compared(t *testing.T, p recordtest.Plan, spoil func(*record.Run), allowed ...string) []byte {
	t.Helper()
	analyse := func(p recordtest.Plan, spoil func(*record.Run)) *analysis.Analysis {
		run := recordtest.Open(t, p)
		spoil(run)
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		a.Run.Dir = "runs/" + run.ID
		return a
	}
	base := analyse(recordtest.Compare(), func(*record.Run) {})
	var got bytes.Buffer
	all := []*compare.Comparison{compare.Runs(base, analyse(p, spoil), allowed)}
	if err := jsonreport.WriteComparisons(&got, all); err != nil {
		t.Fatal(err)
	}
	return got.Bytes()
}

func TestComparisonGolden(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[1].Unavailable = "docker is gone"
	golden(t, "testdata/comparison.json", compared(t, p, func(r *record.Run) {
		r.ID, r.Version, r.Scenario.Seed = "20261123-101530-compare-c3d4", "v9", 2
	}, "seed"))
}

// Runs that are not comparable have no figures and say why, and lists are lists
// where they are empty.
func TestNotComparable(t *testing.T) {
	doc := decode(t, compared(t, recordtest.Compare(), func(r *record.Run) { r.Scenario.Seed = 2 }))
	c := doc["comparisons"].([]any)[0].(map[string]any)
	if c["comparable"] != false || c["why"] == nil || len(c["figures"].([]any)) != 0 || len(c["missing"].([]any)) != 0 {
		t.Errorf("%v", c)
	}
	if blocking := c["blocking"].([]any); len(blocking) != 1 || blocking[0] != "seed" {
		t.Errorf("%v", blocking)
	}
	if notes, ok := doc["notes"].([]any); !ok || len(notes) != 0 || doc["schema"] != "servebench.compare/v2" {
		t.Errorf("%v", doc)
	}
}
