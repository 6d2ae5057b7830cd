package generators

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

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
		if err := p.check(v); err != nil {
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

// check reports why v is no value of the parameter. NaN is outside any range.
func (p Param) check(v float64) error {
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
