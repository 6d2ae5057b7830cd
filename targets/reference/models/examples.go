package models

import (
	"math/rand/v2"

	"servebench/generators"
)

// Examples returns a generator of rows for the model, made from its schema, without labels. A
// feature that XGBoost's trees split has values between all of its splits and beyond, each stretch as
// often; one with categories has each code as often, and the next one, which is none. Any other
// is normally distributed with mean 0 and variance 1. No value is missing, which not every protocol can say.
func (m *Model) Examples() generators.Generator {
	g := rows{schema: m.Schema, splits: make([][]float32, len(m.Schema.Features)), categories: make([][]uint32, len(m.Schema.Features))}
	if m.ensemble != nil {
		g.splits, g.categories = m.ensemble.Splits()
	}
	return g
}

// rows makes rows. By feature, splits and categories are those of the trees.
type rows struct {
	schema     generators.Schema
	splits     [][]float32
	categories [][]uint32
}

func (g rows) Schema() generators.Schema { return g.schema }

// Next implements generators.Generator.
func (g rows) Next(rng *rand.Rand) generators.Example {
	row := make([]float32, len(g.schema.Features))
	for i := range row {
		switch splits, categories := g.splits[i], g.categories[i]; {
		case len(categories) > 0:
			if at := rng.IntN(len(categories) + 1); at < len(categories) {
				row[i] = float32(categories[at])
			} else {
				row[i] = float32(categories[at-1] + 1)
			}
		case len(splits) > 0:
			row[i] = between(splits, rng)
		default:
			row[i] = float32(rng.NormFloat64())
		}
	}
	return generators.Example{Features: row}
}

// between returns a value from one of the stretches that splits divide the numbers into. The
// first and the last are as long as all others together, or 1 where there are none.
func between(splits []float32, rng *rand.Rand) float32 {
	first, last := float64(splits[0]), float64(splits[len(splits)-1])
	beyond := last - first
	if beyond == 0 {
		beyond = 1
	}
	share := rng.Float64()
	switch at := rng.IntN(len(splits) + 1); at {
	case 0:
		return float32(first - share*beyond)
	case len(splits):
		return float32(last + share*beyond)
	default:
		low, high := float64(splits[at-1]), float64(splits[at])
		return float32(low + share*(high-low))
	}
}
