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
	"fmt"
	"math/rand/v2"
	"time"

	"servebench/generators"

	"github.com/brianvoe/gofakeit/v6"
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
			{Name: Function, Doc: "rule that approves a loan: one of the ten functions of the paper", Default: 9, Min: 1, Max: 10, Integer: true, LabelsOnly: true},
			{Name: Noise, Doc: "share of labels flipped at random", Default: 0.05, Min: 0, Max: 0.5, LabelsOnly: true},
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
	example := generators.Example{Features: a.features(), Label: generators.Classified(label), Truth: truth}
	if g.person != nil {
		example.Fields = g.person.columns()
	}
	return example
}

// schema returns what an example holds. Class 1 is the paper's group A.
func schema() generators.Schema {
	return generators.Schema{
		Features: []generators.Feature{
			{Name: "salary", Doc: "yearly salary, dollars, 20,000 to 150,000"},
			{Name: "commission", Doc: "yearly commission, dollars: 0 from a salary of 75,000, else 10,000 to 75,000"},
			{Name: "age", Doc: "age, years, 20 to 80"},
			{Name: "elevel", Doc: "level of education, ascending", Categories: []string{"none", "school", "college", "bachelor", "master"}},
			{Name: "car", Doc: "make of the car", Categories: numbered("make", makes)},
			{Name: "zipcode", Doc: "zip code of the town, the dearest first", Categories: numbered("zip", zips)},
			{Name: "hvalue", Doc: "value of the house, dollars, by zip code: 50,000 to 1,350,000"},
			{Name: "hyears", Doc: "years the house has been owned, 1 to 30"},
			{Name: "loan", Doc: "amount of the loan, dollars, 0 to 500,000"},
		},
		Fields:  []string{"name", "city", "employer", "job_title", "date_applied"},
		Classes: []string{"declined", "approved"},
	}
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", prefix, i+1)
	}
	return names
}

// person invents the human-readable columns. It has a random source of its own,
// so that switching it on leaves the features as they are.
type person struct {
	faker       *gofakeit.Faker
	first, last time.Time // dates of application
}

func newPerson(seed uint64) *person {
	return &person{
		faker: gofakeit.NewCustom(source{rand.NewPCG(seed, 0)}),
		first: time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC),
		last:  time.Date(2024, time.December, 31, 0, 0, 0, 0, time.UTC),
	}
}

// columns returns the values in the order of the schema's fields.
func (p *person) columns() []generators.Value {
	return []generators.Value{
		{Text: p.faker.Name()},
		{Text: p.faker.City()},
		{Text: p.faker.Company()},
		{Text: p.faker.JobTitle()},
		{Text: p.faker.DateRange(p.first, p.last).Format(time.DateOnly)},
	}
}

// source gives gofakeit, which knows the older math/rand only, the generator of
// math/rand/v2. gofakeit's own constructors take seed 0 as "any seed", which
// would break reproducibility.
type source struct{ pcg *rand.PCG }

func (s source) Uint64() uint64  { return s.pcg.Uint64() }
func (s source) Int63() int64    { return int64(s.pcg.Uint64() >> 1) }
func (s source) Seed(seed int64) { s.pcg.Seed(uint64(seed), 0) }
