package credit

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

// byAge returns the value for the applicant's age group.
func byAge[T any](a applicant, young, middle, old T) T {
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
	return byAge(a, limits{50_000, 100_000}, limits{75_000, 125_000}, limits{25_000, 75_000}).hold(income)
}

// schooled says whether the education is in the band of the age group
// (functions 3 and 4).
func (a applicant) schooled() bool {
	return byAge(a, limits{0, 1}, limits{1, 3}, limits{2, 4}).hold(a.elevel)
}

// byEducation is function 4: the salary band depends on age and education.
func byEducation(a applicant) bool {
	band := byAge(a, limits{50_000, 100_000}, limits{75_000, 125_000}, limits{25_000, 75_000})
	if a.schooled() {
		band = byAge(a, limits{25_000, 75_000}, limits{50_000, 100_000}, limits{50_000, 100_000})
	}
	return band.hold(a.salary)
}

// byLoan is function 5: the band of the loan depends on age and salary.
func byLoan(a applicant) bool {
	band := byAge(a, limits{200_000, 400_000}, limits{300_000, 500_000}, limits{100_000, 300_000})
	if a.incomeFits(a.salary) {
		band = byAge(a, limits{100_000, 300_000}, limits{200_000, 400_000}, limits{300_000, 500_000})
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
