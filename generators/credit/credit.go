// Package credit generates loan applications: nine features, a known decision
// and, on request, human-readable columns. It stands at the start of the flow,
// where a protocol turns its examples into requests.
//
// The features and the ten rules that decide are those of R. Agrawal,
// T. Imielinski and A. Swami, "Database Mining: A Performance Perspective",
// IEEE Transactions on Knowledge and Data Engineering 5(6), 1993. All amounts
// are whole dollars and all rules are computed in integers, so that a label
// does not depend on the machine's rounding and a feature survives float32
// and text unchanged.
package credit

import (
	"math/rand/v2"

	"servebench/generators"
)

// Names of the parameters.
const (
	Function     = "function"
	Noise        = "noise"
	Perturbation = "perturbation"
)

// Kind returns the generator's entry in the list.
//
// Function 9 is the default: a loan is approved when disposable income, less
// the cost of education and a fifth of the loan, is positive. It is the task
// nearest to a lender's, half of the applicants pass (functions 8 and 10
// approve nearly all), and its border runs oblique to the axes, so boosted
// trees must approximate it and gain from every tree; the rules 1 to 6 are boxes
// that a single tree finds exactly.
func Kind() generators.Kind {
	return generators.Kind{
		Name: "credit",
		Doc:  "Loan applications with nine features and a known decision (Agrawal 1993).",
		Params: []generators.Param{
			{Name: Function, Doc: "rule that approves a loan: one of the ten functions of the paper", Default: 9, Min: 1, Max: 10, Integer: true},
			{Name: Noise, Doc: "share of labels flipped at random", Default: 0.05, Min: 0, Max: 0.5},
			{Name: Perturbation, Doc: "share of its range by which a number is blurred after labelling", Default: 0, Min: 0, Max: 1},
		},
		Open: open,
	}
}

func open(cfg generators.Config) (generators.Generator, error) {
	values, err := generators.Resolve(Kind().Params, cfg.Params)
	if err != nil {
		return nil, err
	}
	g := &generator{
		rule:         rules[int(values[Function])-1],
		noise:        values[Noise],
		perturbation: values[Perturbation],
		schema:       schema(),
	}
	if cfg.Readable {
		g.person = newPerson(cfg.Seed)
	}
	return g, nil
}

type generator struct {
	rule         rule
	noise        float64
	perturbation float64
	person       *person // nil unless human-readable columns are wanted
	schema       generators.Schema
}

// Schema implements generators.Generator.
func (g *generator) Schema() generators.Schema { return g.schema }

// Next implements generators.Generator. Label noise takes one number from rng
// whatever its rate, so the rate does not change the features that follow.
func (g *generator) Next(rng *rand.Rand) generators.Example {
	a := draw(rng)
	truth := 0
	if g.rule(a) {
		truth = 1
	}
	label := truth
	if rng.Float64() < g.noise {
		label = 1 - truth
	}
	if g.perturbation > 0 {
		a.perturb(rng, g.perturbation)
	}
	example := generators.Example{Features: a.features(), Label: label, Truth: truth}
	if g.person != nil {
		example.Columns = g.person.columns()
	}
	return example
}
