package record

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fillTexts puts a text wherever a value can hold one, and one item into every list.
func fillTexts(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillTexts(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillTexts(v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillTexts(v.Field(i), text)
			}
		}
	}
}

// TestRedactWhereverTextIs saves a run with a secret in every field: it is left in those
// alone that are listed here, which hold names and what is written without secrets.
func TestRedactWhereverTextIs(t *testing.T) {
	run := new(Run)
	fillTexts(reflect.ValueOf(run).Elem(), "a secret")
	run.Redact = func(text string) string { return strings.ReplaceAll(text, "secret", "mark") }
	run.redact()
	var kept []string
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if v.String() == "a secret" {
				kept = append(kept, path)
			}
		case reflect.Pointer:
			walk(path, v.Elem())
		case reflect.Slice:
			walk(path, v.Index(0))
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(strings.TrimPrefix(path+"."+f.Name, "."), v.Field(i))
				}
			}
		}
	}
	walk("", reflect.ValueOf(run).Elem())
	want := strings.Fields(`Schema ID Version Command
		Scenario.Name Scenario.Text Scenario.Requests.Payloads Scenario.Data.SHA256 Scenario.ModelFile.SHA256 Scenario.Faults.Kind Scenario.Faults.Phase Scenario.Phases.Name Scenario.Phases.Arrivals Scenario.Phases.Injected Scenario.Phases.Mix.Name
		Scenario.Overhead.Noop Scenario.Overhead.Model Scenario.Cost.Traffic Scenario.Cost.Place Scenario.Cost.Serving.Region Environment.Name
		Targets.Name Targets.Of Targets.Point.Key Targets.Point.Value Targets.Requests.Payloads Targets.Facts.Name Targets.Deployments.Stages.Name Targets.Deployments.Events.Kind Targets.Deployments.Events.Fault
		Cells.Target Cells.Phase Cells.Discarded Cells.Errors.Class Cells.Outages.Errors.Class Cells.Usage.Meters.Name Cells.Usage.Meters.Unit Cells.Answers.Example.AnswerKind Cells.Answers.Example.LabelKind Cells.Classes.Name Cells.Log Cells.Monitor.Log
		Scenario.Monitor.Detectors Scenario.Monitor.Sensitive Scenario.Drift.Changes Scenario.Drift.Shape Scenario.Retrain.On Targets.Retrain.On Cells.Monitor.Detectors.Name Cells.Monitor.Detectors.Looks.State
		Preflight.Phase Preflight.Rule Preflight.Target Calibration.Version
		AB.Baseline.Target AB.Baseline.Kind AB.Baseline.Text AB.Baseline.Facts.Name
		AB.Candidate.Target AB.Candidate.Kind AB.Candidate.Text AB.Candidate.Facts.Name AB.Metrics Capacity.Steps.Kind Capacity.Steps.Target
		Faults.Target Faults.Phase Dir Hold`)
	slices.Sort(kept)
	slices.Sort(want)
	if got := strings.Join(kept, " "); got != strings.Join(want, " ") {
		t.Errorf("left in\n%s\nwant\n%s", got, strings.Join(want, " "))
	}
}

// TestSaveRedacts writes no secret, and leaves none to reports that are made of the run
// in memory.
func TestSaveRedacts(t *testing.T) {
	run := &Run{Scenario: Scenario{Name: "own"}, Redact: func(text string) string { return strings.ReplaceAll(text, "sesame", "mark") }}
	w, err := Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	run.Faults = append(run.Faults, Fault{Text: "it said sesame"})
	if err := w.Save(run); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(run.Dir, fileName))
	if err != nil || strings.Contains(string(text), "sesame") || !strings.Contains(string(text), "it said mark") || run.Faults[0].Text != "it said mark" {
		t.Errorf("%v, %s, %+v", err, text, run.Faults)
	}
}
