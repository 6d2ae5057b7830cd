package main

import (
	"servebench/scenarios"
	"servebench/targets/reference/models"
)

// reference is the reference server as a run needs it.
func reference() scenarios.Reference {
	ref := scenarios.Reference{
		Command: func(model string) ([]string, error) {
			binary, err := program("refserver")()
			return []string{binary, "serve", "--model", model}, err
		},
	}
	for _, model := range models.All() {
		ref.Models = append(ref.Models, scenarios.Model{
			Name:      model.Name,
			Generator: model.Generator,
			Predict:   model.Predict,
		})
	}
	return ref
}
