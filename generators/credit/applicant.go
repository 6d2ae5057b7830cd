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

// rule says whether an applicant belongs to the paper's group A, which gets the
// loan.
type rule func(applicant) bool

// rules are the paper's functions 1 to 10, in order. The disposable incomes of
// functions 7 to 10 are multiplied by 100 to stay whole numbers.
var rules = [10]rule{
	func(a applicant) bool { return a.young() || a.old() },
	func(a applicant) bool { return a.incomeFits(a.salary) },
	func(a applicant) bool { return a.schooled() },
	byEducation,
	byLoan,
	func(a applicant) bool { return a.incomeFits(a.salary + a.commission) },
	func(a applicant) bool { return a.income()-20*a.loan-2_000_000 > 0 },
	func(a applicant) bool { return a.income()-a.schooling()-2_000_000 > 0 },
	func(a applicant) bool { return a.income()-a.schooling()-20*a.loan-1_000_000 > 0 },
	func(a applicant) bool { return a.income()-a.schooling()+a.equity()-1_000_000 > 0 },
}

func (a applicant) young() bool { return a.age < 40 }
func (a applicant) old() bool   { return a.age >= 60 }

func forAge[T any](a applicant, young, middle, old T) T {
	switch {
	case a.young():
		return young
	case a.old():
		return old
	}
	return middle
}

func (l limits) hold(v int64) bool { return l.low <= v && v <= l.high }

// incomeFits says whether an income is in the band of the age group (functions
// 2, 5 and 6).
func (a applicant) incomeFits(income int64) bool {
	return forAge(a, limits{50_000, 100_000}, limits{75_000, 125_000}, limits{25_000, 75_000}).hold(income)
}

// schooled says whether the education is in the band of the age group
// (functions 3 and 4).
func (a applicant) schooled() bool {
	return forAge(a, limits{0, 1}, limits{1, 3}, limits{2, 4}).hold(a.elevel)
}

// byEducation is function 4: the salary band depends on age and education.
func byEducation(a applicant) bool {
	band := forAge(a, limits{50_000, 100_000}, limits{75_000, 125_000}, limits{25_000, 75_000})
	if a.schooled() {
		band = forAge(a, limits{25_000, 75_000}, limits{50_000, 100_000}, limits{50_000, 100_000})
	}
	return band.hold(a.salary)
}

// byLoan is function 5: the band of the loan depends on age and salary.
func byLoan(a applicant) bool {
	band := forAge(a, limits{200_000, 400_000}, limits{300_000, 500_000}, limits{100_000, 300_000})
	if a.incomeFits(a.salary) {
		band = forAge(a, limits{100_000, 300_000}, limits{200_000, 400_000}, limits{300_000, 500_000})
	}
	return band.hold(a.loan)
}

// income is 100 × 0.67 × (salary + commission).
func (a applicant) income() int64 { return 67 * (a.salary + a.commission) }

// schooling is 100 × 5,000 × elevel.
func (a applicant) schooling() int64 { return 500_000 * a.elevel }

// equity is 100 × 0.2 × equity, where equity is 0.1 × hvalue for each year of
// ownership beyond the twentieth.
func (a applicant) equity() int64 { return 2 * a.hvalue * max(a.hyears-20, 0) }
