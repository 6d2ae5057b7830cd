package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"servebench/reports/mlflow"
	"servebench/targets/targettest/python"
)

// TestTrackTraining logs a training to a real server, and asks it for parameters, losses by step,
// quality and artifacts.
func TestTrackTraining(t *testing.T) {
	server, dir := python.StartMLflow(t), t.TempDir()
	file := filepath.Join(dir, "m.onnx")
	var stdout, stderr bytes.Buffer
	args := []string{"train", "--out", file, "--examples", "1000", "--trees", "4", "--patience", "0", "--folds", "2", "--search", "0", "--noise", "0.1", "--mlflow", server, "--experiment", "loans"}
	if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &stderr)
	}
	_, page, found := strings.Cut(stderr.String(), "/runs/")
	id, _, _ := strings.Cut(page, "?")
	if !found || !strings.HasPrefix(stderr.String(), "tracked as "+server) {
		t.Fatalf("stderr %q, want where it is tracked", stderr.String())
	}
	var answer struct{ Run mlflow.Run }
	read(t, server+"/api/2.0/mlflow/runs/get?run_id="+id, &answer)
	data := answer.Run.Data
	params := map[string]string{}
	for _, p := range data.Params {
		params[p.Key] = p.Value
	}
	for key, want := range map[string]string{"kind": "trees", "trees": "4", "noise": "0.1", "examples": "1000", "learning-rate": "0.2", "epochs": "", "out": "", "mlflow": ""} {
		if params[key] != want {
			t.Errorf("parameter %s is %q, want %q", key, params[key], want)
		}
	}
	values := map[string]float64{}
	for _, m := range data.Metrics {
		values[m.Key] = m.Value
	}
	if values["n"] != 200 || values["accuracy"] < 0.6 || values["accuracy.low"] > values["accuracy"] || values["accuracy.high"] < values["accuracy"] {
		t.Errorf("metrics %v", values)
	}
	if !strings.Contains(stdout.String(), strconv.FormatFloat(values["accuracy"], 'f', 4, 64)) {
		t.Errorf("accuracy %v is not in the account:\n%s", values["accuracy"], &stdout)
	}
	if note := answer.Run.Tag(mlflow.TagNote); note != "```\n"+stdout.String()+"\n```" {
		t.Errorf("the run's page begins with %q", note)
	}
	var history struct{ Metrics []mlflow.Metric }
	read(t, server+"/api/2.0/mlflow/metrics/get-history?metric_key=validation_log_loss&run_id="+id, &history)
	for i, m := range history.Metrics {
		if m.Step != int64(i+1) || m.Value <= 0 || i > 0 && m.Value >= history.Metrics[i-1].Value {
			t.Errorf("losses by step: %+v", history.Metrics)
		}
	}
	if len(history.Metrics) != 4 || answer.Run.Info.Status != mlflow.Finished {
		t.Errorf("%d losses, want 4; the run is %s", len(history.Metrics), answer.Run.Info.Status)
	}
	model, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"model.onnx": string(model), "account.txt": stdout.String()} {
		if got := read(t, server+"/get-artifact?run_id="+id+"&path="+name, nil); got != want {
			t.Errorf("%s is there with %d bytes, want the %d written", name, len(got), len(want))
		}
	}
}

// read reads an answer, as JSON where there is something to read it into.
func read(t *testing.T, url string, into any) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v: %s", url, answer.StatusCode, err, text)
	}
	return string(text)
}

// A server that refuses the training leaves the model what it is, and no secret in the warning.
func TestUntrackedTraining(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such user: s3cret", http.StatusUnauthorized)
	}))
	defer refusing.Close()
	file := filepath.Join(t.TempDir(), "m.json")
	var stdout, stderr bytes.Buffer
	address := strings.Replace(refusing.URL, "http://", "http://me:s3cret@", 1)
	code := run(t.Context(), []string{"train", "--out", file, "--examples", "500", "--trees", "2", "--folds", "0", "--resamples", "0", "--mlflow", address}, strings.NewReader(""), &stdout, &stderr)
	if _, err := os.Stat(file); code != 0 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
	want := fmt.Sprintf("warning: the model is written, and its training not tracked: GET %s/api/2.0/mlflow/experiments/get-by-name: status 401: no such user: …", refusing.URL)
	if !strings.HasPrefix(stderr.String(), want) || strings.Contains(stderr.String(), "s3cret") {
		t.Errorf("stderr %q, want %q", stderr.String(), want)
	}
}
