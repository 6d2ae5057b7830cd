package jsonreport_test

import (
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// The verdict, its figures and the rounds behind them are there for other programs.
func TestABTests(t *testing.T) {
	slower := recordtest.Slower()
	slower.AB.Noise = &record.Noise{Rounds: 30, Floors: map[string]float64{record.MetricP50: 0.012}}
	doc := decode(t, write(t, slower))
	d := doc["ab"].(map[string]any)
	if doc["verdict"] != "FAIL" || d["verdict"] != "FAIL" || d["interim_analysis"] != 1.0 || d["pairs"] != 11.0 || d["command"] != nil || d["more_rounds"] != nil {
		t.Errorf("%v", d)
	}
	if floors := d["noise_floor"].(map[string]any); floors["p50"] != 0.012 {
		t.Errorf("noise floor %v", floors)
	}
	p50 := d["metrics"].([]any)[0].(map[string]any)
	low, ratio, high := p50["ratio_low"].(float64), p50["ratio"].(float64), p50["ratio_high"].(float64)
	if p50["unit"] != "ms" || p50["verdict"] != "FAIL" || low < 1.1 || ratio < low || high < ratio || high > 1.3 || len(p50["pairs"].([]any)) != 11 {
		t.Errorf("%v", p50)
	}
	if pair := p50["pairs"].([]any)[1].(map[string]any); pair["round"] != 2.0 || pair["candidate_first"] != true || pair["baseline"].(float64) > 1 {
		t.Errorf("the second pair: %v", pair)
	}
	if variant := d["variants"].(map[string]any)["candidate"].(map[string]any); variant["source"] != "HEAD" || variant["facts"].(map[string]any)["commit"] != "9e0b774" {
		t.Errorf("%v", variant)
	}
}

func TestABIsUndecided(t *testing.T) {
	d := decode(t, write(t, recordtest.Undecided()))["ab"].(map[string]any)
	if d["verdict"] != "INCONCLUSIVE" || d["more_rounds"].(float64) <= 30 || !strings.Contains(d["command"].(string), "ab --continue ") {
		t.Errorf("%v", d)
	}
}

// What is not known, and what has no end, is null.
func TestABLeavesOutWhatIsNotKnown(t *testing.T) {
	early := recordtest.ABTest()
	early.Rounds = 3
	early.Targets[1].Errors = []recordtest.Error{{Class: "timeout", Share: 0.3}}
	d := decode(t, write(t, early))["ab"].(map[string]any)
	p90 := d["metrics"].([]any)[1].(map[string]any)
	for _, key := range []string{"candidate", "ratio", "ratio_low", "ratio_high", "p"} {
		if p90[key] != nil {
			t.Errorf("%s: %v, want null", key, p90[key])
		}
	}
	if d["interim_analysis"] != nil || d["noise_floor"] != nil || p90["baseline"] == nil {
		t.Errorf("%v", d)
	}
	if doc := decode(t, write(t, recordtest.Compare())); doc["ab"] != nil {
		t.Errorf("of no A/B test: %v", doc["ab"])
	}
}
