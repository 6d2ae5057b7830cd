package main

import (
	"fmt"
	"strconv"

	"servebench/generators"
)

// parameter is a flag for one number of a generator; it implements pflag.Value.
type parameter struct {
	values map[string]float64 // by name; where Set stores the number
	param  generators.Param
}

// String returns the value that holds now.
func (p parameter) String() string {
	v, ok := p.values[p.param.Name]
	if !ok {
		v = p.param.Default
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Set implements pflag.Value. The range is checked with the recipe.
func (p parameter) Set(s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", s)
	}
	p.values[p.param.Name] = v
	return nil
}

// Type is what the help shows for the value.
func (p parameter) Type() string {
	if p.param.Integer {
		return "int"
	}
	return "float"
}
