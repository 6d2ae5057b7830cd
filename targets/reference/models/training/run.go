// Package training makes the reference server's models: examples from a
// generator in, a trained and tested model with an account of its quality out.
// Everything follows from one seed.
package training

import (
	"errors"
	"fmt"
	"strconv"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/targets/reference/mlp"
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

// The streams of the seed.
const (
	exampleStream = iota + 1
	splitStream
	foldStream
	bootstrapStream
	searchStream
	memberStream // of the first member of an ensemble, the others follow
)

// Result is a trained model and what is known of it.
type Result struct {
	Recipe             Recipe
	Model              Model
	Classes            []string // the names of both
	Train, Valid, Test Part
	Search             *Search            // nil: none was asked for
	Curves             []trees.Curve      // of the model, or of each of an ensemble
	Folds              []evaluate.Score   // of models trained on the other folds of Train
	Score              evaluate.Score     // on Test
	ValidLoss          float64            // log loss on Valid, weighted as in Curves
	Interval           *evaluate.Interval // of the accuracy on Test; nil without bootstrap
	Truth              float64            // accuracy on Test against the labels before noise; 0 of a Table
	Ceiling            float64            // share of labels in Test that noise left alone; 0 of a Table
}

// Part is the size of a part of the data.
type Part struct {
	Rows     int
	Positive float64 // share of class 1
}

// Run generates the examples, chooses the number of trees or epochs on the validation
// part, and tests the model on the part it has never seen. Cross-validation, and a search
// before it, use the training part alone, the first with the numbers chosen.
func (r Recipe) Run() (*Result, error) {
	r.Trees.Seed, r.MLP.Seed = r.Seed, r.Seed
	if err := r.Check(); err != nil {
		return nil, err
	}
	r.Params, _ = generators.Resolve(r.Generator.Params, r.Params) // which Check has tried
	data, truth, classes, err := r.examples()
	if err != nil {
		return nil, err
	}
	sets := evaluate.Split(data.Len(), r.rng(splitStream), trainShare, validShare, testShare)
	train, valid, test := data.Take(sets[0]), data.Take(sets[1]), data.Take(sets[2])
	if r.Balanced {
		r.ClassWeights = trees.Balanced(train)
	}
	r.Trees.ClassWeights, r.MLP.ClassWeights = r.ClassWeights, r.ClassWeights
	result := &Result{Classes: classes, Train: part(train), Valid: part(valid), Test: part(test)}
	if r.Search > 0 {
		if result.Search, err = r.search(train); err != nil {
			return nil, err
		}
		r.Trees = result.Search.Candidates[result.Search.Chosen].Params
	}
	result.Recipe = r
	model, curves, err := r.fit(train, valid)
	if err != nil {
		return nil, err
	}
	result.Model, result.Curves = model.withAttributes(r.modelAttributes()), curves
	result.ValidLoss = evaluate.WeightedLogLoss(model.predict(valid), valid.Labels, r.ClassWeights.PerRow(train))
	if truth != nil {
		truth = pickRows(truth, sets[2])
	}
	result.scoreOnTest(test, truth)
	result.Folds, err = r.crossValidate(train, curves)
	return result, err
}

// examples returns the data, the labels before noise, nil where nobody knows them, and the names of
// the classes.
func (r Recipe) examples() (data trees.Data, truth []uint8, classes []string, err error) {
	if t := r.Table; t != nil {
		return t.Data, nil, t.Classes, nil
	}
	g, err := r.Generator.Open(generators.Config{Params: r.Params, Seed: r.Seed})
	if err != nil {
		return data, nil, nil, fmt.Errorf("open generator %s: %w", r.Generator.Name, err)
	}
	schema := g.Schema()
	if len(schema.Classes) != 2 {
		return data, nil, nil, fmt.Errorf("generator %s has %d classes, want 2", r.Generator.Name, len(schema.Classes))
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
	return data, truth, schema.Classes, nil
}

func (r *Result) scoreOnTest(test trees.Data, truth []uint8) {
	p := r.Model.predict(test)
	r.Score = evaluate.Of(p, test.Labels)
	if truth != nil {
		r.Truth = evaluate.Accuracy(p, truth)
		r.Ceiling = shareEqual(test.Labels, truth)
	}
	if r.Recipe.Resamples == 0 {
		return
	}
	interval := evaluate.Bootstrap(test.Len(), r.Recipe.Resamples, confidence, r.Recipe.rng(bootstrapStream),
		func(rows []int) float64 { return evaluate.Accuracy(pickRows(p, rows), pickRows(test.Labels, rows)) })
	r.Interval = &interval
}

func (r Recipe) crossValidate(data trees.Data, curves []trees.Curve) ([]evaluate.Score, error) {
	if r.Folds == 0 {
		return nil, nil
	}
	var scores []evaluate.Score
	for i, fold := range evaluate.Folds(data.Len(), r.Folds, r.rng(foldStream)) {
		test := data.Take(fold.Test)
		model, err := r.refit(data.Take(fold.Train), curves)
		if err != nil {
			return nil, fmt.Errorf("cross-validation, fold %d: %w", i+1, err)
		}
		scores = append(scores, evaluate.Of(model.predict(test), test.Labels))
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
	Table     *Table             // the examples in the place of the generator's; nil: it makes them
	Examples  int                // in all, from 100; 60 % train, 20 % validate, 20 % test
	Kind      string             // Trees or MLP
	Trees     trees.Params       // but for its seed and class weights, which Run sets
	MLP       mlp.Params         // the same
	Folds     int                // of the cross-validation, from 2; 0: none
	Resamples int                // of the bootstrap, from 100; 0: none
	Seed      uint64

	ClassWeights trees.ClassWeights
	Balanced     bool // weigh both classes alike in all, in the place of ClassWeights
	Search       int  // candidates of the search, the parameters of Trees among them; 0: none
	Ensemble     int  // models that are averaged, of trees; 1: there is one
	// Progress is told each candidate of a search, from 1, if it is not nil.
	Progress func(number int, c Candidate)
}

// Default returns the recipe of the built-in model credit, whose file stays
// below 200 KB: it is part of the binary and read at every start.
func Default() Recipe {
	return Recipe{
		Generator: credit.Kind(), Examples: 100_000,
		Kind: Trees, Trees: trees.Defaults(), MLP: mlp.Defaults(), Folds: 5, Resamples: 1000, Seed: 1, Ensemble: 1,
	}
}

// Check reports every fault of the recipe.
func (r Recipe) Check() error {
	var faults []error
	if t := r.Table; t != nil && t.Data.Len() < 100 {
		faults = append(faults, fmt.Errorf("%s: %d examples, want at least 100", t.Name, t.Data.Len()))
	}
	if r.Examples < 100 || r.Examples > 10_000_000 {
		faults = append(faults, fmt.Errorf("examples: %d is outside 100 to 10,000,000", r.Examples))
	}
	if r.Folds != 0 && (r.Folds < 2 || r.Folds > 50) {
		faults = append(faults, fmt.Errorf("folds: %d is neither 0 nor from 2 to 50", r.Folds))
	}
	if r.Resamples != 0 && (r.Resamples < 100 || r.Resamples > 1_000_000) {
		faults = append(faults, fmt.Errorf("resamples: %d is neither 0 nor from 100 to 1,000,000", r.Resamples))
	}
	if r.Ensemble < 1 || r.Ensemble > 100 {
		faults = append(faults, fmt.Errorf("ensemble: %d is outside 1 to 100", r.Ensemble))
	}
	if r.Search < 0 || r.Search > 10_000 {
		faults = append(faults, fmt.Errorf("search: %d is outside 0 to 10,000", r.Search))
	}
	if r.Search > 0 && (r.Folds == 0 || r.Trees.Patience == 0) {
		faults = append(faults, errors.New("search: it needs folds and patience of 1 or more, to score candidates and to find how many trees they need"))
	}
	switch r.Kind {
	case Trees:
		faults = append(faults, r.Trees.Check())
	case MLP:
		faults = append(faults, r.MLP.Check())
		if r.Search > 0 || r.Ensemble > 1 {
			faults = append(faults, fmt.Errorf("search and ensemble: they are of kind %s, not of %s", Trees, MLP))
		}
	default:
		faults = append(faults, fmt.Errorf("kind: %.20q, want %s or %s", r.Kind, Trees, MLP))
	}
	_, err := generators.Resolve(r.Generator.Params, r.Params)
	return errors.Join(append(faults, r.ClassWeights.Check(), err)...)
}

func (r Recipe) modelAttributes() map[string]string {
	a := map[string]string{
		"trained_by": "servebench",
		"generator":  r.Generator.Name,
		"examples":   strconv.Itoa(r.Examples),
		"seed":       strconv.FormatUint(r.Seed, 10),
	}
	if t := r.Table; t != nil {
		a["examples"], a["file"] = strconv.Itoa(t.Data.Len()), t.Name
		if !t.OfGenerator {
			delete(a, "generator")
		}
		return a
	}
	for name, value := range r.Params {
		a[name] = strconv.FormatFloat(value, 'g', -1, 64)
	}
	return a
}
