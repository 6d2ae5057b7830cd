package credit

import (
	"math/rand/v2"
	"time"

	"github.com/brianvoe/gofakeit/v6"
)

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

// columns returns the values in the order of the schema's columns.
func (p *person) columns() []string {
	return []string{
		p.faker.Name(),
		p.faker.City(),
		p.faker.Company(),
		p.faker.JobTitle(),
		p.faker.DateRange(p.first, p.last).Format(time.DateOnly),
	}
}

// source gives gofakeit, which knows the older math/rand only, the generator of
// math/rand/v2. gofakeit's own constructors take seed 0 as "any seed", which
// would break reproducibility.
type source struct{ pcg *rand.PCG }

func (s source) Uint64() uint64  { return s.pcg.Uint64() }
func (s source) Int63() int64    { return int64(s.pcg.Uint64() >> 1) }
func (s source) Seed(seed int64) { s.pcg.Seed(uint64(seed), 0) }
