// Package sea generates the examples of the SEA concepts: three numbers, of which the sum of
// two decides. It stands at the start of the flow, where a protocol turns its examples into
// requests. W. N. Street and Y. Kim, "A streaming ensemble algorithm (SEA) for large-scale
// classification", KDD 2001.
package sea

import (
	"math/rand/v2"

	"servebench/generators"
)

// Names of the parameters.
const (
	Concept = "concept"
	Noise   = "noise"
)

// Kind returns the generator's entry in the list.
func Kind() generators.Kind {
	return generators.Kind{
		Name: "sea",
		Doc:  "Three numbers, of which the sum of two decides (SEA concepts, Street and Kim 2001).",
		Params: []generators.Param{
			{Name: Concept, Doc: "which of the paper's four thresholds decides: 1 to 4 for 8, 9, 7 and 9.5", Default: 1, Min: 1, Max: 4, Integer: true, LabelsOnly: true},
			{Name: Noise, Doc: "share of labels flipped at random", Default: 0.1, Min: 0, Max: 0.5, LabelsOnly: true},
		},
		Open: open,
	}
}

// thresholds are those of the paper's four blocks.
var thresholds = [4]float32{8, 9, 7, 9.5}

func open(cfg generators.Config) (generators.Generator, error) {
	values, err := generators.Resolve(Kind().Params, cfg.Params)
	if err != nil {
		return nil, err
	}
	return generator{thresholds[int(values[Concept])-1], values[Noise]}, nil
}

type generator struct {
	threshold float32
	noise     float64
}

// Schema implements generators.Generator.
func (generator) Schema() generators.Schema {
	return generators.Schema{
		Features: []generators.Feature{
			{Name: "x1", Doc: "a number, 0 to 10"},
			{Name: "x2", Doc: "a number, 0 to 10"},
			{Name: "x3", Doc: "a number, 0 to 10, that nothing depends on"},
		},
		Classes: []string{"above", "within"},
	}
}

// Next implements generators.Generator. Class 1 is that of sums up to the threshold.
func (g generator) Next(rng *rand.Rand) generators.Example {
	x := []float32{10 * rng.Float32(), 10 * rng.Float32(), 10 * rng.Float32()}
	truth := 0
	if x[0]+x[1] <= g.threshold {
		truth = 1
	}
	label := truth
	if rng.Float64() < g.noise {
		label = 1 - truth
	}
	return generators.Example{Features: x, Label: generators.Classified(label), Truth: truth}
}
