package main

import (
	"servebench/scenarios/runner"
	refserver "servebench/targets/reference"
	"servebench/targets/reference/models"
)

// reference is the reference server as a run needs it.
func reference() runner.Reference {
	noop := refserver.Noop()
	ref := runner.Reference{
		Command: serveModels,
		Models:  []runner.Model{{Name: noop.Name, Predict: noop.Predict}},
	}
	for _, model := range models.All() {
		ref.Models = append(ref.Models, runner.Model{
			Name:      model.Name,
			Generator: model.Generator,
			Predict:   model.Predict,
		})
	}
	return ref
}

// serveModels is the command line that serves models.
func serveModels(names []string) ([]string, error) {
	binary, err := program("refserver")()
	command := []string{binary, "serve"}
	for _, name := range names {
		command = append(command, "--model", name)
	}
	return command, err
}
