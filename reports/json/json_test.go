package jsonreport_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/formattest"
	jsonreport "servebench/reports/json"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file anew")

func write(t *testing.T, p recordtest.Plan) []byte {
	t.Helper()
	return written(t, recordtest.Open(t, p))
}

func written(t *testing.T, run *record.Run) []byte {
	t.Helper()
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	a.Run.Dir = "runs/" + recordtest.ID
	var got bytes.Buffer
	if err := jsonreport.Write(&got, a); err != nil {
		t.Fatal(err)
	}
	return got.Bytes()
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestGolden(t *testing.T) {
	for name, p := range map[string]recordtest.Plan{"compare": recordtest.Compare(), "coldstart": recordtest.ColdStart()} {
		t.Run(name, func(t *testing.T) { golden(t, "testdata/"+name+".json", write(t, p)) })
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-golden +got)\n%s", diff)
	}
}

// Other programs rely on these keys, in every entry.
func TestKeys(t *testing.T) {
	doc := decode(t, write(t, recordtest.Compare()))
	has := func(where string, m map[string]any, keys ...string) {
		for _, key := range keys {
			if _, ok := m[key]; !ok {
				t.Errorf("%s has no %q", where, key)
			}
		}
	}
	has("the summary", doc, "schema", "run", "scenario", "seed", "validity", "verdict", "diagnostics", "deployments", "targets", "cells", "gates", "overhead", "unavailable")
	for _, list := range []string{"targets", "cells"} {
		for _, entry := range doc[list].([]any) {
			m := entry.(map[string]any)
			has(list, m, "target", "phase", "offered_rps", "scheduled", "sent", "ok", "failed", "censored", "agreement",
				"accuracy", "goodput_rps", "cold_start_ms", "response_ms", "service_ms", "lag_ms", "cpu_seconds", "rss_bytes", "meters")
			for _, kind := range []string{"response_ms", "service_ms", "lag_ms"} {
				has(kind, m[kind].(map[string]any), "p50", "p90", "p99", "p999", "max")
			}
			if sum := m["ok"].(float64) + m["failed"].(float64) + m["censored"].(float64); sum != m["sent"] {
				t.Errorf("%s: ok + failed + censored is %v, sent %v", list, sum, m["sent"])
			}
		}
	}
	for _, entry := range doc["diagnostics"].([]any) {
		has("a diagnostic", entry.(map[string]any), "rule", "severity", "target", "phase", "text", "action")
	}
}

// What is not known is null; what there is none of is an empty list.
func TestUnknownIsNull(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.SLO, p.Rounds = p.Targets[:1], record.SLO{}, 1
	p.Phases[1].Rate = 50
	run := recordtest.Open(t, p)
	run.Targets[0].Facts = nil
	cell := &run.Cells[len(run.Cells)-1]
	// A dead server reads as none of either.
	cell.Answers, cell.Usage = record.Answers{}, record.Usage{Known: true}
	run.Targets[0].Deployments = nil
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := jsonreport.Write(&text, a); err != nil {
		t.Fatal(err)
	}
	doc := decode(t, text.Bytes())
	row := doc["targets"].([]any)[0].(map[string]any)
	for _, key := range []string{"agreement", "agreement_ci", "accuracy", "cold_start_ms", "cpu_seconds", "rss_bytes"} {
		if row[key] != nil {
			t.Errorf("%s is %v, want null", key, row[key])
		}
	}
	response := row["response_ms"].(map[string]any)
	if response["p99"] != nil || response["p50"] == nil || response["max"] == nil {
		t.Errorf("response_ms of %v requests is %v", row["ok"], response)
	}
	if doc["verdict"] != nil {
		t.Errorf("verdict %v without a limit", doc["verdict"])
	}
	for _, key := range []string{"gates", "ratios", "unavailable"} {
		if list, ok := doc[key].([]any); !ok || len(list) > 0 {
			t.Errorf("%s is %v, want an empty list", key, doc[key])
		}
	}
}

func TestOneEntryPerTargetAndPhase(t *testing.T) {
	p := recordtest.Compare()
	p.Phases = append(p.Phases, record.Phase{
		Name: "spike", Arrivals: "poisson", Rate: 200, Duration: 2 * time.Second, Measured: true, Open: true,
	})
	doc := decode(t, write(t, p))
	var got []string
	for _, entry := range doc["targets"].([]any) {
		m := entry.(map[string]any)
		got = append(got, m["target"].(string)+" "+m["phase"].(string))
	}
	want := []string{"physical steady", "physical spike", "container steady", "container spike"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(doc["cells"].([]any)); n != 2*2*p.Rounds {
		t.Errorf("%d cells", n)
	}
}

func TestFormatWritesItsFile(t *testing.T) {
	a, err := analysis.Analyse(recordtest.Open(t, recordtest.Compare()))
	if err != nil {
		t.Fatal(err)
	}
	files := formattest.Render(t, jsonreport.Format(), a)
	if len(files) != 1 || !json.Valid(files["summary.json"]) {
		t.Errorf("files %v", files)
	}
}
