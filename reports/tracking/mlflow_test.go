package tracking_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/mlflow"
	"servebench/reports/record/recordtest"
	"servebench/reports/tracking"
	"servebench/targets/targettest/python"
)

// TestMLflow logs runs to a real server and asks it for them.
func TestMLflow(t *testing.T) {
	url := python.StartMLflow(t)
	server, err := mlflow.New(url, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	run := recordtest.Open(t, recordtest.Compare())
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run.Dir, "report.html"), []byte("<p>report"), 0o644); err != nil {
		t.Fatal(err)
	}
	send := func(r tracking.Run) *mlflow.Run {
		t.Helper()
		logged, err := tracking.Send(t.Context(), server, "servebench-compare", r, run.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return logged
	}
	planned := tracking.New(a, "4f1d2c9")
	first := send(planned)
	found := search(t, url, first.Info.Experiment)
	hold(t, found, planned, first.Info.ID)
	if got := download(t, url, first, "report.html"); got != "<p>report" {
		t.Errorf("report.html is %q there", got)
	}
	record, err := os.ReadFile(filepath.Join(run.Dir, "run.json"))
	if err != nil || download(t, url, first, "run.json") != string(record) {
		t.Errorf("run.json is another one there: %v", err)
	}

	// The same run again, and one with further and other figures: still one, with a history.
	if again := send(planned); again.Info.ID != first.Info.ID {
		t.Errorf("tracked again, it is %s, and was %s", again.Info.ID, first.Info.ID)
	}
	changed := tracking.New(a, "4f1d2c9")
	changed.Children[0].Metrics[0].Value++
	changed.Children[0].Metrics = append(changed.Children[0].Metrics, mlflow.Metric{Key: "further", Value: 0.5})
	send(changed)
	found = search(t, url, first.Info.Experiment)
	hold(t, found, changed, first.Info.ID)
	for _, r := range found {
		for key, n := range map[string]int{planned.Children[0].Metrics[0].Key: 2, planned.Children[0].Metrics[1].Key: 1} {
			if got := history(t, url, r.Info.ID, key); r.Tag(tracking.TagTarget) == "physical" && got != n {
				t.Errorf("%s has %d values, want %d", key, got, n)
			}
		}
	}

	// A run that was taken for valid and is not any more: its figures are gone.
	invalid := tracking.New(a, "4f1d2c9")
	for _, r := range []*tracking.Run{&invalid, &invalid.Children[0], &invalid.Children[1]} {
		r.Status, r.Metrics = mlflow.Failed, nil
		r.Tags = slices.Clone(r.Tags)
		for i := range r.Tags {
			if r.Tags[i].Key == tracking.TagValidity {
				r.Tags[i].Value = "INVALID"
			}
		}
	}
	if replaced := send(invalid); replaced.Info.ID == first.Info.ID {
		t.Error("the run has its old figures still")
	} else {
		hold(t, search(t, url, first.Info.Experiment), invalid, replaced.Info.ID)
	}

	// Hostile names, and as many parameters as take several requests.
	hostile, err := analysis.Analyse(recordtest.Open(t, recordtest.Hostile()))
	if err != nil {
		t.Fatal(err)
	}
	odd := tracking.New(hostile, "")
	for i := range 150 {
		odd.Params = append(odd.Params, mlflow.Param{Key: fmt.Sprint("p", i), Value: strings.Repeat("x", mlflow.LongestParam)})
	}
	logged, err := tracking.Send(t.Context(), server, "odd ' \" experiment/ä", odd, hostile.Run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, search(t, url, logged.Info.Experiment), odd, logged.Info.ID)
}

// hold holds the runs of an experiment to be one, with its children, and to have all that was
// logged, once.
func hold(t *testing.T, found []*mlflow.Run, want tracking.Run, parent string) {
	t.Helper()
	if len(found) != 1+len(want.Children) {
		t.Errorf("%d runs, want %d", len(found), 1+len(want.Children))
	}
	for _, w := range append([]tracking.Run{want}, want.Children...) {
		i := slices.IndexFunc(found, func(r *mlflow.Run) bool { return r.Tag("mlflow.runName") == w.Name })
		if i < 0 {
			t.Errorf("there is no run %q", w.Name)
			continue
		}
		got := found[i]
		if got.Info.Status != w.Status {
			t.Errorf("%s is %s, want %s", w.Name, got.Info.Status, w.Status)
		}
		if of := got.Tag(mlflow.TagParent); of != parent && got.Info.ID != parent {
			t.Errorf("%s is a child of %q, want %s", w.Name, of, parent)
		}
		for _, p := range w.Params {
			if !slices.Contains(got.Data.Params, p) {
				t.Errorf("%s lacks %v", w.Name, p)
			}
		}
		for _, p := range w.Tags {
			if !slices.Contains(got.Data.Tags, p) {
				t.Errorf("%s lacks %v", w.Name, p)
			}
		}
		if len(got.Data.Metrics) != len(w.Metrics) || len(got.Data.Params) != len(w.Params) {
			t.Errorf("%s has %d metrics and %d parameters, want %d and %d", w.Name, len(got.Data.Metrics), len(got.Data.Params), len(w.Metrics), len(w.Params))
		}
		for _, m := range w.Metrics {
			if !slices.ContainsFunc(got.Data.Metrics, func(g mlflow.Metric) bool { return g.Key == m.Key && g.Value == m.Value }) {
				t.Errorf("%s lacks %s = %v", w.Name, m.Key, m.Value)
			}
		}
	}
}

// search returns the runs of an experiment, without the client under test.
func search(t *testing.T, url, experiment string) []*mlflow.Run {
	t.Helper()
	var found struct{ Runs []*mlflow.Run }
	ask(t, http.MethodPost, url+"/api/2.0/mlflow/runs/search", fmt.Sprintf(`{"experiment_ids":[%q]}`, experiment), &found)
	return found.Runs
}

// history is how many values a metric has had.
func history(t *testing.T, url, run, key string) int {
	t.Helper()
	var found struct{ Metrics []mlflow.Metric }
	ask(t, http.MethodGet, url+"/api/2.0/mlflow/metrics/get-history?run_id="+run+"&metric_key="+key, "", &found)
	return len(found.Metrics)
}

func download(t *testing.T, url string, run *mlflow.Run, file string) string {
	t.Helper()
	var text bytes.Buffer
	ask(t, http.MethodGet, url+"/get-artifact?run_id="+run.Info.ID+"&path="+file, "", &text)
	return text.String()
}

func ask(t *testing.T, method, url, body string, out any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d, %v: %s", method, url, answer.StatusCode, err, text)
	}
	if plain, is := out.(*bytes.Buffer); is {
		plain.Write(text)
	} else if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, url, err, text)
	}
}
