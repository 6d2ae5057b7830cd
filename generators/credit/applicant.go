package credit

import (
	"math"
	"math/rand/v2"
)

// applicant holds the features as whole numbers: dollars, years, or the index
// of a category.
type applicant struct {
	salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan int64
}

// limits bound a number, both inclusive.
type limits struct{ low, high int64 }

// The ranges of the paper's table 1.
var (
	salaries    = limits{20_000, 150_000}
	commissions = limits{10_000, 75_000}
	ages        = limits{20, 80}
	houseYears  = limits{1, 30}
	loans       = limits{0, 500_000}
)

// highSalary is the salary from which no commission is paid.
const highSalary = 75_000

// Numbers of categories.
const (
	levels = 5
	makes  = 20
	zips   = 9
)

// draw returns an applicant by the paper's distributions. Features are drawn in
// the order of the schema.
func draw(rng *rand.Rand) applicant {
	var a applicant
	a.salary = salaries.draw(rng)
	if a.salary < highSalary {
		a.commission = commissions.draw(rng)
	}
	a.age = ages.draw(rng)
	a.elevel = rng.Int64N(levels)
	a.car = rng.Int64N(makes)
	a.zipcode = rng.Int64N(zips)
	a.hvalue = houseValues(a.zipcode).draw(rng)
	a.hyears = houseYears.draw(rng)
	a.loan = loans.draw(rng)
	return a
}

// houseValues returns the range of house values in a zip code: half to one and
// a half times k·100,000, where k falls from 9 to 1 over the nine zip codes.
func houseValues(zipcode int64) limits {
	k := zips - zipcode
	return limits{k * 50_000, k * 150_000}
}

func (l limits) draw(rng *rand.Rand) int64 { return l.low + rng.Int64N(l.high-l.low+1) }

// perturb blurs the numbers and leaves the categories: value v of range r
// becomes v + u·p·r with u uniform in ±0.5, cut off at the ends of its range.
// No commission stays no commission.
func (a *applicant) perturb(rng *rand.Rand, p float64) {
	a.salary = salaries.perturb(rng, a.salary, p)
	if a.commission > 0 {
		a.commission = commissions.perturb(rng, a.commission, p)
	}
	a.age = ages.perturb(rng, a.age, p)
	a.hvalue = houseValues(a.zipcode).perturb(rng, a.hvalue, p)
	a.hyears = houseYears.perturb(rng, a.hyears, p)
	a.loan = loans.perturb(rng, a.loan, p)
}

func (l limits) perturb(rng *rand.Rand, v int64, p float64) int64 {
	shift := (rng.Float64() - 0.5) * p * float64(l.high-l.low)
	return min(max(v+int64(math.Round(shift)), l.low), l.high)
}

// features returns the values in the order of the schema. All are below 2^24
// and therefore exact in float32.
func (a applicant) features() []float32 {
	return []float32{
		float32(a.salary), float32(a.commission), float32(a.age),
		float32(a.elevel), float32(a.car), float32(a.zipcode),
		float32(a.hvalue), float32(a.hyears), float32(a.loan),
	}
}
