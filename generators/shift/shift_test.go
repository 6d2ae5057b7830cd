package shift_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/hyperplane"
	"servebench/generators/sea"
	"servebench/generators/shift"
)

func open(t *testing.T, spec shift.Spec, kind generators.Kind, params map[string]float64) (before, after generators.Generator) {
	t.Helper()
	before, after, err := spec.Open(kind, generators.Config{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return before, after
}

func sudden(at int64) shift.Shape { return shift.Shape{Kind: shift.Sudden, At: at} }

// TestConceptDriftMovesLabelsAlone draws the same inputs before and after, of every generator.
func TestConceptDriftMovesLabelsAlone(t *testing.T) {
	for _, c := range []struct {
		kind    generators.Kind
		concept map[string]float64
	}{
		{credit.Kind(), map[string]float64{credit.Function: 5}},
		{credit.Kind(), map[string]float64{credit.Noise: 0.4}},
		{sea.Kind(), map[string]float64{sea.Concept: 4, sea.Noise: 0}},
		{hyperplane.Kind(), map[string]float64{hyperplane.Rotation: 60}},
	} {
		before, after := open(t, shift.Spec{Concept: c.concept, Shape: sudden(0)}, c.kind, nil)
		a, b := rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(1, 0))
		changed := 0
		const n = 2000
		for range n {
			x, y := before.Next(a), after.Next(b)
			if !reflect.DeepEqual(x.Features, y.Features) {
				t.Fatalf("%s %v: %v became %v", c.kind.Name, c.concept, x.Features, y.Features)
			}
			if x.Label.Label != y.Label.Label {
				changed++
			}
		}
		if changed < n/20 {
			t.Errorf("%s %v: %d of %d labels changed", c.kind.Name, c.concept, changed, n)
		}
	}
}

// TestCovariateShiftKeepsTheRule moves the mean of a feature by what was asked for, and holds
// every label to the rule of the generator.
func TestCovariateShiftKeepsTheRule(t *testing.T) {
	const n = 20_000
	noiseless := map[string]float64{credit.Noise: 0, credit.Function: 1}
	for _, by := range []float64{-1, 0.1, 0.25, 1, 1.5} {
		spec := shift.Spec{Covariate: map[string]float64{"age": by}, Shape: sudden(0)}
		before, after := open(t, spec, credit.Kind(), noiseless)
		mean := func(g generators.Generator) (mean, sd float64) {
			rng := rand.New(rand.NewPCG(3, 0))
			sum, squares := 0.0, 0.0
			for range n {
				e := g.Next(rng)
				age := float64(e.Features[2])
				if want := age < 40 || age >= 60; (e.Label.Label == 1) != want {
					t.Fatalf("shifted by %g: age %g has the label %d", by, age, e.Label.Label)
				}
				sum, squares = sum+age, squares+age*age
			}
			mean = sum / n
			return mean, math.Sqrt(squares/n - mean*mean)
		}
		from, sd := mean(before)
		to, _ := mean(after)
		if got := (to - from) / sd; math.Abs(got-by) > 0.05 {
			t.Errorf("the mean moved by %.3f standard deviations, want %g", got, by)
		}
	}
}

func TestShapes(t *testing.T) {
	gradual := shift.Shape{Kind: shift.Gradual, At: 100, Width: 40}
	recurring := shift.Shape{Kind: shift.Recurring, At: 100, Period: 10}
	for _, c := range []struct {
		shape    shift.Shape
		position int64
		want     float64
	}{
		{sudden(100), 99, 0}, {sudden(100), 100, 1}, {sudden(100), 1 << 60, 1},
		{gradual, 100, 0.5}, {gradual, 110, 1 / (1 + math.Exp(-1))}, {gradual, 80, 1 / (1 + math.Exp(2))}, {gradual, 1000, 1},
		{recurring, 99, 0}, {recurring, 100, 1}, {recurring, 109, 1}, {recurring, 110, 0}, {recurring, 119, 0}, {recurring, 120, 1},
	} {
		if got := c.shape.Share(c.position); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: share %g at %d, want %g", c.shape, got, c.position, c.want)
		}
	}
}

// TestNewDrifts counts the labels of a rule that approves all before the change.
func TestNewDrifts(t *testing.T) {
	for _, shape := range []shift.Shape{sudden(5000), {Kind: shift.Gradual, At: 5000, Width: 3000}, {Kind: shift.Recurring, At: 2000, Period: 1000}} {
		spec := shift.Spec{Covariate: map[string]float64{"x1": 1.2}, Shape: shape}
		g, err := spec.New(sea.Kind(), generators.Config{})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(2, 0))
		var sums, want [10]float64
		for k := range 10_000 {
			sums[k/1000] += float64(g.Next(rng).Features[0]) / 1000
			want[k/1000] += (5 + shape.Share(int64(k))*1.2*10/math.Sqrt(12)) / 1000
		}
		for i := range sums {
			if math.Abs(sums[i]-want[i]) > 0.4 {
				t.Errorf("%s: mean %g in the %d. thousand, want %g", shape.Kind, sums[i], i, want[i])
			}
		}
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	for want, spec := range map[string]shift.Spec{
		"nothing changes, want concept or covariate": {Shape: sudden(0)},
		`concept.perturbation: "perturbation" is no parameter of credit that changes the labels alone, want one of function, noise`: {Concept: map[string]float64{"perturbation": 1}},
		"concept.function: 9 is what it is before the drift, want another value":                                                    {Concept: map[string]float64{"function": 9}},
		"concept.function: parameter function: 11 is outside 1 to 10, want 1 to 10":                                                 {Concept: map[string]float64{"function": 11}},
		`covariate.car: "car" is no feature of credit that is a number, want one of salary,`:                                        {Covariate: map[string]float64{"car": 1}},
		"covariate.age: 3 standard deviations, want -2 to 2, and not 0":                                                             {Covariate: map[string]float64{"age": 3}},
		`shape: unknown shape "slow"`:               {Shape: shift.Shape{Kind: "slow"}},
		"width: a gradual drift needs one":          {Shape: shift.Shape{Kind: shift.Gradual}},
		"period: a recurring drift needs one":       {Shape: shift.Shape{Kind: shift.Recurring}},
		"width: a sudden drift has none, want none": {Shape: shift.Shape{Kind: shift.Sudden, Width: 1}},
		"at: it is before the beginning":            {Shape: sudden(-1)},
	} {
		_, _, err := spec.Open(credit.Kind(), generators.Config{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
