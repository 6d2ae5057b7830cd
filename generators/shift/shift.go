// Package shift makes the examples of a generator drift. It stands between a generator and
// whoever asks it for examples.
//
// Two kinds of drift are kept apart. In concept drift the labelling moves: the same inputs get
// other labels, since parameters of the generator that the labels alone depend on take other
// values. In covariate shift the inputs move, and the label of an input stays what it was: of
// the generator's examples those with greater (or smaller) values of a feature are preferred.
// In both, every example and its label are the generator's own.
package shift

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"servebench/generators"
)

// Spec is a drift.
type Spec struct {
	// Concept are the values that parameters of the generator take after it, by their names.
	Concept map[string]float64
	// Covariate are by how many standard deviations the means of features move, by their names.
	Covariate map[string]float64
	Shape     Shape
}

// mostDeviations bounds how far the mean of a feature can be moved, in standard deviations:
// further out there are too few examples.
const mostDeviations = 2

// Check says all that is wrong with the drift of a generator with such parameters.
func (s Spec) Check(kind generators.Kind, params map[string]float64) (faults []Fault) {
	add := func(key, problem, want string) { faults = append(faults, Fault{key, problem, want}) }
	if len(s.Concept)+len(s.Covariate) == 0 {
		add("", "nothing changes", "concept or covariate")
	}
	var labelling, numbers []string
	for _, p := range kind.Params {
		if p.LabelsOnly {
			labelling = append(labelling, p.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Concept)) {
		i := slices.IndexFunc(kind.Params, func(p generators.Param) bool { return p.Name == name })
		if i < 0 || !kind.Params[i].LabelsOnly {
			add("concept."+name, fmt.Sprintf("%q is no parameter of %s that changes the labels alone", name, kind.Name), oneOf(labelling))
			continue
		}
		p := kind.Params[i]
		before, given := params[name]
		if !given {
			before = p.Default
		}
		if err := p.Check(s.Concept[name]); err != nil {
			add("concept."+name, err.Error(), fmt.Sprintf("%v to %v", p.Min, p.Max))
		} else if before == s.Concept[name] {
			add("concept."+name, fmt.Sprintf("%v is what it is before the drift", before), "another value")
		}
	}
	for _, f := range features(kind) {
		if f.Categories == nil {
			numbers = append(numbers, f.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Covariate)) {
		if !slices.Contains(numbers, name) {
			add("covariate."+name, fmt.Sprintf("%q is no feature of %s that is a number", name, kind.Name), oneOf(numbers))
		} else if by := s.Covariate[name]; by == 0 || !(math.Abs(by) <= mostDeviations) {
			add("covariate."+name, fmt.Sprintf("%v standard deviations", by), fmt.Sprintf("-%d to %d, and not 0", mostDeviations, mostDeviations))
		}
	}
	return append(faults, s.Shape.check()...)
}

// Fault is what is wrong with a Spec.
type Fault struct {
	Key           string // such as "concept.function"; "": the whole
	Problem, Want string
}

// Error implements error.
func (f Fault) Error() string {
	key := f.Key
	if key != "" {
		key += ": "
	}
	return key + f.Problem + ", want " + f.Want
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return "none: it has none"
	}
	return "one of " + strings.Join(names, ", ")
}

func features(kind generators.Kind) []generators.Feature {
	g, err := kind.Open(generators.Config{})
	if err != nil {
		return nil // no parameters are set, so none is wrong
	}
	return g.Schema().Features
}

// Open returns the generators of the examples before the drift and after it. In concept drift
// alone, both give the same features for the same random source. Its error joins every Fault.
func (s Spec) Open(kind generators.Kind, cfg generators.Config) (before, after generators.Generator, err error) {
	var faults []error
	for _, f := range s.Check(kind, cfg.Params) {
		faults = append(faults, f)
	}
	if faults != nil {
		return nil, nil, errors.Join(faults...)
	}
	if before, err = kind.Open(cfg); err != nil {
		return nil, nil, err
	}
	moved := cfg
	moved.Params = maps.Clone(cfg.Params)
	if moved.Params == nil {
		moved.Params = map[string]float64{}
	}
	maps.Copy(moved.Params, s.Concept)
	if after, err = kind.Open(moved); err != nil || len(s.Covariate) == 0 {
		return before, after, err
	}
	moved.Readable = false
	pilot, err := kind.Open(moved)
	if err != nil {
		return nil, nil, err
	}
	return before, newTilted(after, pilot, s.Covariate), nil
}

// New returns a generator whose examples drift: the position of the k-th, from 0 on, is k.
func (s Spec) New(kind generators.Kind, cfg generators.Config) (generators.Generator, error) {
	before, after, err := s.Open(kind, cfg)
	if err != nil {
		return nil, err
	}
	return &drifting{before: before, after: after, shape: s.Shape}, nil
}

type drifting struct {
	before, after generators.Generator
	shape         Shape
	made          int64
}

// Schema implements generators.Generator.
func (d *drifting) Schema() generators.Schema { return d.before.Schema() }

// Next implements generators.Generator.
func (d *drifting) Next(rng *rand.Rand) generators.Example {
	share := d.shape.Share(d.made)
	d.made++
	if rng.Float64() < share {
		return d.after.Next(rng)
	}
	return d.before.Next(rng)
}
