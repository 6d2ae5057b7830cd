package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/requests"
	"servebench/scenarios/retrain"
	"servebench/scenarios/trial"
	refserver "servebench/targets/reference"
	"servebench/targets/reference/clock"
	"servebench/targets/reference/models"
)

// reference is the reference server as a run needs it.
func reference() trial.Reference {
	noop, timed := refserver.Noop(), clock.Description()
	timed.Predict = noop.Predict
	ref := trial.Reference{
		Open:    openModel,
		Command: serveModels,
		Train:   trainModel,
		Models: []requests.Model{
			{Model: noop},
			{Model: timed}, // which answers the same as noop, later
		},
	}
	for _, model := range models.All() {
		ref.Models = append(ref.Models, requests.Model{Model: model.Served(), Generator: model.Generator})
	}
	return ref
}

// openModel reads the model in a file, to check the server's answers by it.
func openModel(name, path string) (requests.Model, error) {
	m, err := models.Open(name, path)
	if err != nil {
		return requests.Model{}, err
	}
	return requests.Model{
		Model: m.Served(), Generator: m.Generator, Examples: m.Examples(), Unnamed: m.Unnamed,
		File: &record.ModelFile{Name: filepath.Base(path), SHA256: m.SHA256, Bytes: m.Bytes},
	}, nil
}

// serveModels is the command line that serves the models that a scenario asks
// for.
func serveModels(s *scenarios.Scenario) ([]string, error) {
	binary, err := program("refserver")()
	command := []string{binary, "serve"}
	for _, name := range s.Models() {
		command = append(command, "--model", name)
	}
	if w := s.Workload; w.ModelFile != "" {
		command = append(command, "--model-file", w.Model+"="+w.ModelFile)
	}
	if c, ok := s.Workload.Options[clock.Name].(*clock.Config); ok {
		command = append(command, clockFlags(*c)...)
	}
	if delay := s.Workload.Delay; delay > 0 {
		command = append(command, "--delay", delay.String())
	}
	if slices.ContainsFunc(s.Load, func(p scenarios.Phase) bool { return p.Inject != nil }) {
		command = append(command, "--fault-on-request")
	}
	if s.Retrain != nil {
		command = append(command, "--model-control-mode", "explicit", "--max-body", retrain.MostBody.String())
	}
	return command, err
}

// trainModel is the command line that trains a model of the reference server again.
func trainModel(s *scenarios.Scenario, data, model string) ([]string, error) {
	binary, err := program("refserver")()
	return []string{
		binary, "train", "--data", data, "--out", model, "--seed", fmt.Sprint(s.Seed), "--folds", "0", "--resamples", "0",
	}, err
}

// clockFlags are the reference server's flags for its model clock.
func clockFlags(c clock.Config) []string {
	return []string{
		"--clock-distribution", c.Distribution,
		"--clock-service", c.Service.String(),
		"--clock-workers", fmt.Sprint(c.Workers),
		"--clock-queues", fmt.Sprint(c.Queues),
		"--clock-stall", c.Stall.String(),
		"--clock-every", c.Every.String(),
		"--clock-seed", fmt.Sprint(c.Seed),
	}
}

// program returns what finds one of servebench's other programs: beside
// servebench itself, else in PATH.
func program(name string) func() (string, error) {
	return func() (string, error) {
		path, err := findProgram(name)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		return path, nil
	}
}

func findProgram(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(beside); err == nil && info.Mode()&0o111 != 0 {
		return beside, nil
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("it is neither %s nor in PATH; `make build` puts all programs into bin/", beside)
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
