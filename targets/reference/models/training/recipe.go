// Package training makes the reference server's models: examples from a
// generator in, a trained and tested model with an account of its quality out.
// Everything follows from one seed.
package training

import (
	"errors"
	"fmt"
	"maps"
	"strconv"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/targets/reference/trees"
)

// Recipe is all that a model depends on. Start from Default.
type Recipe struct {
	Generator generators.Kind    // of examples with two classes
	Params    map[string]float64 // of the generator; a missing one takes its default
	Examples  int                // in all, from 100; 60 % train, 20 % validate, 20 % test
	Trees     trees.Params       // but for its seed, which Run sets to Seed
	Folds     int                // of the cross-validation, from 2; 0: none
	Resamples int                // of the bootstrap, from 100; 0: none
	Seed      uint64
}

// Default returns the recipe of the built-in model credit, whose file stays
// below 200 KB: it is part of the binary and read at every start.
func Default() Recipe {
	return Recipe{
		Generator: credit.Kind(), Examples: 100_000,
		Trees: trees.Defaults(), Folds: 5, Resamples: 1000, Seed: 1,
	}
}

// Check reports every fault of the recipe.
func (r Recipe) Check() error {
	var faults []error
	if r.Examples < 100 || r.Examples > 10_000_000 {
		faults = append(faults, fmt.Errorf("examples: %d is outside 100 to 10,000,000", r.Examples))
	}
	if r.Folds != 0 && (r.Folds < 2 || r.Folds > 50) {
		faults = append(faults, fmt.Errorf("folds: %d is neither 0 nor from 2 to 50", r.Folds))
	}
	if r.Resamples != 0 && (r.Resamples < 100 || r.Resamples > 1_000_000) {
		faults = append(faults, fmt.Errorf("resamples: %d is neither 0 nor from 100 to 1,000,000", r.Resamples))
	}
	_, err := generators.Resolve(r.Generator.Params, r.Params)
	return errors.Join(append(faults, r.Trees.Check(), err)...)
}

// attributes say in the model file where the model comes from.
func (r Recipe) attributes() (map[string]string, error) {
	values, err := generators.Resolve(r.Generator.Params, r.Params)
	if err != nil {
		return nil, err
	}
	a := map[string]string{
		"trained_by": "servebench",
		"generator":  r.Generator.Name,
		"examples":   strconv.Itoa(r.Examples),
		"seed":       strconv.FormatUint(r.Seed, 10),
	}
	for name := range maps.Keys(values) {
		a[name] = strconv.FormatFloat(values[name], 'g', -1, 64)
	}
	return a, nil
}
