// Package generators describes the data that every target is driven with. It
// stands at the start of the flow: a generator turns a random source into
// examples, a protocol (targets/protocol) turns examples into requests and
// responses into answers, and scenarios/corpus compares those with what the
// examples say is right. Example and Answer are what the three have in common; no
// protocol knows a generator, and no generator a protocol. Each generator lives in
// a child package named after it.
package generators

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kind is a generator's entry in the list that the CLI, the scenario
// validation and the help texts are made from.
type Kind struct {
	Name string
	Doc  string // one sentence
	// Params are the numbers a scenario may set under data:, beside the
	// common keys.
	Params []Param
	// Open returns a generator. It fails only on a parameter outside its
	// range; callers that validated against Params get no error.
	Open func(Config) (Generator, error)
}

// Param is one number that a generator takes.
type Param struct {
	Name     string
	Doc      string
	Default  float64
	Min, Max float64 // inclusive
	Integer  bool    // only whole numbers
	// LabelsOnly says that the labels alone depend on it: the same random source gives the
	// same features.
	LabelsOnly bool
}

// Config configures a generator. The zero value asks for the defaults.
type Config struct {
	// Params holds values by Param.Name; a missing one takes its default.
	Params map[string]float64
	// Readable also fills Example.Fields, the human-readable columns, which
	// cost far more than the features.
	Readable bool
	// Seed seeds what Next's random source does not drive: the faker behind
	// the human-readable columns.
	Seed uint64
}

// Generator makes examples. Next is a pure function of the random source (and,
// for Fields, of Config.Seed and how often it was called): the same source
// gives the same examples. The example's slices belong to the caller. A
// Generator is for one goroutine.
type Generator interface {
	Schema() Schema
	Next(rng *rand.Rand) Example
}

// Resolve returns a value for every parameter: the given one, else its default.
// Its error joins one error per fault, in the order of params and then of the
// unknown names: a name that is no parameter, a value outside its range, a
// fraction where only whole numbers go.
func Resolve(params []Param, given map[string]float64) (map[string]float64, error) {
	values := make(map[string]float64, len(params))
	var faults []error
	for _, p := range params {
		v, ok := given[p.Name]
		if !ok {
			v = p.Default
		}
		if err := p.Check(v); err != nil {
			faults = append(faults, err)
		}
		values[p.Name] = v
	}
	faults = append(faults, unknown(params, given)...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return values, nil
}

// Check reports why v is no value of the parameter. NaN is outside any range.
func (p Param) Check(v float64) error {
	if !(v >= p.Min && v <= p.Max) {
		return fmt.Errorf("parameter %s: %v is outside %v to %v", p.Name, v, p.Min, p.Max)
	}
	if p.Integer && v != math.Trunc(v) {
		return fmt.Errorf("parameter %s: %v is not a whole number", p.Name, v)
	}
	return nil
}

func unknown(params []Param, given map[string]float64) []error {
	var names, extra []string
	for _, p := range params {
		names = append(names, p.Name)
	}
	for name := range given {
		if !slices.Contains(names, name) {
			extra = append(extra, name)
		}
	}
	slices.Sort(extra)
	var faults []error
	for _, name := range extra {
		faults = append(faults, fmt.Errorf("parameter %q is unknown, want one of %s", name, strings.Join(names, ", ")))
	}
	return faults
}
