package models

import (
	"math/rand/v2"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/drift"
	"servebench/targets/protocol"
)

// Reference is what the rows of a built-in model, and its answers, look like: a profile of as many
// examples as a drift.Sample holds, of the generator that it was trained with.
func Reference(m protocol.Model) (*drift.Profile, error) {
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		return nil, err
	}
	sample, rng := drift.NewSample(m.Schema), rand.New(rand.NewPCG(1, 1))
	for range drift.Most {
		features := g.Next(rng).Features
		sample.Add(features, m.Answer(features))
	}
	return drift.NewProfile(sample)
}
