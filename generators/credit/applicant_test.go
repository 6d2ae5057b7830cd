package credit_test

import (
	"math"
	"testing"

	"servebench/generators"
	"servebench/generators/credit"
)

// features are one example's values by name, in dollars and years.
type features struct {
	salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan float64
}

func named(e generators.Example) features {
	v := make([]float64, len(e.Features))
	for i, f := range e.Features {
		v[i] = float64(f)
	}
	return features{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]}
}

// The paper's functions, written out as they stand there. Functions 7 to 10
// return the disposable income, the others ±1.
func group(function int, f features) float64 {
	total := f.salary + f.commission
	in := func(v, low, high float64) bool { return low <= v && v <= high }
	pick := func(a, b, c bool) float64 {
		if (f.age < 40 && a) || (f.age >= 40 && f.age < 60 && b) || (f.age >= 60 && c) {
			return 1
		}
		return -1
	}
	either := func(cond, then, otherwise bool) bool { return cond && then || !cond && otherwise }
	switch function {
	case 1:
		return pick(true, false, true)
	case 2:
		return pick(in(f.salary, 5e4, 1e5), in(f.salary, 7.5e4, 1.25e5), in(f.salary, 2.5e4, 7.5e4))
	case 3:
		return pick(in(f.elevel, 0, 1), in(f.elevel, 1, 3), in(f.elevel, 2, 4))
	case 4:
		return pick(
			either(in(f.elevel, 0, 1), in(f.salary, 2.5e4, 7.5e4), in(f.salary, 5e4, 1e5)),
			either(in(f.elevel, 1, 3), in(f.salary, 5e4, 1e5), in(f.salary, 7.5e4, 1.25e5)),
			either(in(f.elevel, 2, 4), in(f.salary, 5e4, 1e5), in(f.salary, 2.5e4, 7.5e4)))
	case 5:
		return pick(
			either(in(f.salary, 5e4, 1e5), in(f.loan, 1e5, 3e5), in(f.loan, 2e5, 4e5)),
			either(in(f.salary, 7.5e4, 1.25e5), in(f.loan, 2e5, 4e5), in(f.loan, 3e5, 5e5)),
			either(in(f.salary, 2.5e4, 7.5e4), in(f.loan, 3e5, 5e5), in(f.loan, 1e5, 3e5)))
	case 6:
		return pick(in(total, 5e4, 1e5), in(total, 7.5e4, 1.25e5), in(total, 2.5e4, 7.5e4))
	case 7:
		return 0.67*total - 0.2*f.loan - 20_000
	case 8:
		return 0.67*total - 5_000*f.elevel - 20_000
	case 9:
		return 0.67*total - 5_000*f.elevel - 0.2*f.loan - 10_000
	}
	equity := 0.0
	if f.hyears >= 20 {
		equity = 0.1 * f.hvalue * (f.hyears - 20)
	}
	return 0.67*total - 5_000*f.elevel + 0.2*equity - 10_000
}

func TestTruthFollowsTheRules(t *testing.T) {
	for function := 1; function <= 10; function++ {
		classes := map[int]int{}
		for _, e := range take(t, 20_000, generators.Config{Params: map[string]float64{credit.Function: float64(function)}}) {
			f := named(e)
			want := group(function, f)
			if math.Abs(want) < 1e-6 {
				continue // the decimals of the formula cannot tell which side
			}
			if (e.Truth == 1) != (want > 0) {
				t.Fatalf("function %d of %+v: truth is %d, the formula gives %v", function, f, e.Truth, want)
			}
			classes[e.Truth]++
		}
		if len(classes) != 2 {
			t.Errorf("function %d gave only one class: %v", function, classes)
		}
	}
}
