// Package training makes the reference server's models: examples from a
// generator in, a trained and tested model with an account of its quality out.
// Everything follows from one seed.
package training

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/targets/reference/trees"
	"servebench/targets/reference/trees/evaluate"
)

// Shares of the examples.
const (
	trainShare = 0.6
	validShare = 0.2
	testShare  = 0.2
)

// confidence is that of the bootstrap interval.
const confidence = 0.95

// Each use of the seed has a stream of its own, so that none depends on how
// much the others draw.
const (
	exampleStream = iota + 1
	splitStream
	foldStream
	bootstrapStream
)

// Result is a trained model and what is known of it.
type Result struct {
	Recipe             Recipe
	Model              *trees.Model
	Class              string // the name of class 1
	Train, Valid, Test Part
	Curve              trees.Curve
	Folds              []evaluate.Score   // of models trained on the other folds of Train
	Score              evaluate.Score     // on Test
	Interval           *evaluate.Interval // of the accuracy on Test; nil without bootstrap
	Truth              float64            // accuracy on Test against the labels before noise
	Ceiling            float64            // share of labels in Test that noise left alone
}

// Part is the size of a part of the data.
type Part struct {
	Rows     int
	Positive float64 // share of class 1
}

// Run generates the examples, chooses the number of trees on the validation
// part, and tests the model on the part it has never seen. Cross-validation
// uses the training part alone, with the number of trees chosen.
func (r Recipe) Run() (*Result, error) {
	r.Trees.Seed = r.Seed
	if err := r.Check(); err != nil {
		return nil, err
	}
	r.Params, _ = generators.Resolve(r.Generator.Params, r.Params) // which Check has tried
	data, truth, class, err := r.examples()
	if err != nil {
		return nil, err
	}
	sets := evaluate.Split(data.Len(), r.rng(splitStream), trainShare, validShare, testShare)
	train, valid, test := data.Take(sets[0]), data.Take(sets[1]), data.Take(sets[2])
	model, curve, err := trees.Train(train, valid, r.Trees)
	if err != nil {
		return nil, err
	}
	result := &Result{
		Recipe: r, Model: model.WithAttributes(r.modelAttributes()), Class: class, Curve: curve,
		Train: part(train), Valid: part(valid), Test: part(test),
	}
	result.scoreOnTest(test, pickRows(truth, sets[2]))
	result.Folds, err = r.crossValidate(train, curve.Best)
	return result, err
}

func (r Recipe) rng(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, stream)) }

// examples returns the data, the labels before noise, and the name of class 1.
func (r Recipe) examples() (data trees.Data, truth []uint8, class string, err error) {
	g, err := r.Generator.Open(generators.Config{Params: r.Params, Seed: r.Seed})
	if err != nil {
		return data, nil, "", fmt.Errorf("open generator %s: %w", r.Generator.Name, err)
	}
	schema := g.Schema()
	if len(schema.Classes) != 2 {
		return data, nil, "", fmt.Errorf("generator %s has %d classes, want 2", r.Generator.Name, len(schema.Classes))
	}
	for _, f := range schema.Features {
		data.Features = append(data.Features, f.Name)
	}
	rng := r.rng(exampleStream)
	for range r.Examples {
		e := g.Next(rng)
		data.Values = append(data.Values, e.Features...)
		data.Labels = append(data.Labels, uint8(e.Label.Label))
		truth = append(truth, uint8(e.Truth))
	}
	return data, truth, schema.Classes[1], nil
}

func (r *Result) scoreOnTest(test trees.Data, truth []uint8) {
	p := test.Predict(r.Model)
	r.Score = evaluate.Of(p, test.Labels)
	r.Truth = evaluate.Accuracy(p, truth)
	r.Ceiling = shareEqual(test.Labels, truth)
	if r.Recipe.Resamples == 0 {
		return
	}
	interval := evaluate.Bootstrap(test.Len(), r.Recipe.Resamples, confidence, r.Recipe.rng(bootstrapStream),
		func(rows []int) float64 { return evaluate.Accuracy(pickRows(p, rows), pickRows(test.Labels, rows)) })
	r.Interval = &interval
}

func (r Recipe) crossValidate(data trees.Data, best int) ([]evaluate.Score, error) {
	if r.Folds == 0 {
		return nil, nil
	}
	params := r.Trees
	params.Trees, params.Patience = best, 0
	var scores []evaluate.Score
	for i, fold := range evaluate.Folds(data.Len(), r.Folds, r.rng(foldStream)) {
		test := data.Take(fold.Test)
		model, _, err := trees.Train(data.Take(fold.Train), trees.Data{}, params)
		if err != nil {
			return nil, fmt.Errorf("cross-validation, fold %d: %w", i+1, err)
		}
		scores = append(scores, evaluate.Of(test.Predict(model), test.Labels))
	}
	return scores, nil
}

func part(d trees.Data) Part {
	return Part{Rows: d.Len(), Positive: shareOfOnes(d.Labels)}
}

func pickRows[T any](values []T, rows []int) []T {
	picked := make([]T, len(rows))
	for i, row := range rows {
		picked[i] = values[row]
	}
	return picked
}

func shareEqual(a, b []uint8) float64 {
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return float64(same) / float64(len(a))
}

func shareOfOnes(labels []uint8) float64 {
	ones := 0
	for _, label := range labels {
		ones += int(label)
	}
	return float64(ones) / float64(len(labels))
}

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

func (r Recipe) modelAttributes() map[string]string {
	a := map[string]string{
		"trained_by": "servebench",
		"generator":  r.Generator.Name,
		"examples":   strconv.Itoa(r.Examples),
		"seed":       strconv.FormatUint(r.Seed, 10),
	}
	for name, value := range r.Params {
		a[name] = strconv.FormatFloat(value, 'g', -1, 64)
	}
	return a
}
