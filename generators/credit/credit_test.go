package credit_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"servebench/generators"
	"servebench/generators/credit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestOpenRejectsBadParameters(t *testing.T) {
	for name, value := range map[string]float64{
		credit.Function: 11, credit.Noise: 0.6, credit.Perturbation: math.NaN(), "nosie": 0.1,
	} {
		_, err := credit.Kind().Open(generators.Config{Params: map[string]float64{name: value}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%v: got error %v, want one that names the parameter", name, value, err)
		}
	}
}

func TestFeaturesAreInRange(t *testing.T) {
	for _, perturbation := range []float64{0, 0.05, 1} {
		t.Run(fmt.Sprint(perturbation), func(t *testing.T) {
			for _, e := range take(t, 20_000, generators.Config{Params: map[string]float64{credit.Perturbation: perturbation}}) {
				checkRanges(t, e)
			}
		})
	}
}

func checkRanges(t *testing.T, e generators.Example) {
	t.Helper()
	f := named(e)
	k := 9 - f.zipcode
	for _, c := range []struct {
		name         string
		v, low, high float64
	}{
		{"salary", f.salary, 20_000, 150_000}, {"age", f.age, 20, 80}, {"elevel", f.elevel, 0, 4},
		{"car", f.car, 0, 19}, {"zipcode", f.zipcode, 0, 8}, {"hyears", f.hyears, 1, 30},
		{"hvalue", f.hvalue, k * 50_000, k * 150_000}, {"loan", f.loan, 0, 500_000},
	} {
		if c.v < c.low || c.v > c.high || c.v != math.Trunc(c.v) {
			t.Fatalf("%s is %v, want a whole number from %v to %v", c.name, c.v, c.low, c.high)
		}
	}
	if f.commission != 0 && (f.commission < 10_000 || f.commission > 75_000) {
		t.Fatalf("commission is %v", f.commission)
	}
}

func TestCommissionIsForLowSalaries(t *testing.T) {
	for _, e := range take(t, 20_000, generators.Config{}) {
		f := named(e)
		if (f.commission == 0) != (f.salary >= 75_000) {
			t.Fatalf("salary %v comes with commission %v", f.salary, f.commission)
		}
	}
}

// The shares follow from the ranges: for whole dollars and years, counted by
// hand. Functions 6 to 10 have no short closed form.
func TestShareOfApproved(t *testing.T) {
	const n = 50_000
	band := func(width, of float64) float64 { return (width + 1) / (of + 1) }
	young, middle, old := 20.0/61, 20.0/61, 21.0/61
	income := band(50_000, 130_000)
	for function, want := range map[int]float64{
		1: young + old,
		2: income,
		3: young*2/5 + middle*3/5 + old*3/5,
		4: income,
		5: band(200_000, 500_000),
	} {
		if got := share(t, function, n); math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
			t.Errorf("function %d approves %.4f, want %.4f", function, got, want)
		}
	}
}

func TestDefaultFunctionIsBalanced(t *testing.T) {
	if got := share(t, 9, 50_000); got < 0.45 || got > 0.55 {
		t.Errorf("function 9 approves %.3f", got)
	}
}

func share(t *testing.T, function, n int) float64 {
	t.Helper()
	approved := 0
	for _, e := range take(t, n, generators.Config{Params: map[string]float64{credit.Function: float64(function)}}) {
		approved += e.Truth
	}
	return float64(approved) / float64(n)
}

func TestLabelNoiseRate(t *testing.T) {
	const n = 40_000
	for _, noise := range []float64{0, 0.05, 0.5} {
		flipped := 0
		for _, e := range take(t, n, generators.Config{Params: map[string]float64{credit.Noise: noise}}) {
			if e.Label.Label != e.Truth {
				flipped++
			}
		}
		got := float64(flipped) / n
		if math.Abs(got-noise) > 4*math.Sqrt(noise*(1-noise)/n) {
			t.Errorf("noise %v flipped %v of the labels", noise, got)
		}
	}
}

func TestNoiseLeavesFeaturesAlone(t *testing.T) {
	calm := take(t, 200, generators.Config{Params: map[string]float64{credit.Noise: 0}})
	noisy := take(t, 200, generators.Config{Params: map[string]float64{credit.Noise: 0.5}})
	for i := range calm {
		if diff := cmp.Diff(calm[i].Features, noisy[i].Features); diff != "" {
			t.Fatalf("example %d: %s", i, diff)
		}
	}
}

func TestPerturbationBlursTheNumbers(t *testing.T) {
	calm := take(t, 1, generators.Config{})[0]
	blurred := take(t, 1, generators.Config{Params: map[string]float64{credit.Perturbation: 0.1}})[0]
	if calm.Truth != blurred.Truth || calm.Label.Label != blurred.Label.Label {
		t.Error("perturbation changed the label, which is given before it")
	}
	a, b := named(calm), named(blurred)
	if a.salary == b.salary || math.Abs(a.salary-b.salary) > 0.05*130_000 {
		t.Errorf("salary %v became %v, want another one at most 6,500 away", a.salary, b.salary)
	}
	if a.elevel != b.elevel || a.car != b.car || a.zipcode != b.zipcode {
		t.Error("perturbation changed a category")
	}
}

func TestReadableLeavesFeaturesAlone(t *testing.T) {
	plain := take(t, 200, generators.Config{})
	for _, seed := range []uint64{0, 1} {
		readable := take(t, 200, generators.Config{Readable: true, Seed: seed})
		if diff := cmp.Diff(readable, take(t, 200, generators.Config{Readable: true, Seed: seed})); diff != "" {
			t.Fatalf("seed %d twice: %s", seed, diff)
		}
		for i := range readable {
			if len(readable[i].Fields) != len(schema(t).Fields) {
				t.Fatalf("example %d has %d fields", i, len(readable[i].Fields))
			}
			readable[i].Fields = nil
		}
		if diff := cmp.Diff(plain, readable); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, e := range take(t, 12, generators.Config{Readable: true, Seed: 1}) {
		var fields []string
		for _, v := range e.Fields {
			fields = append(fields, v.Text)
		}
		fmt.Fprintln(&b, e.Features, e.Truth, e.Label.Label, strings.Join(fields, " | "))
	}
	path := filepath.Join("testdata", "examples.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("seed 1 gives other examples than before (-want +got):\n%s", diff)
	}
}

func BenchmarkNext(b *testing.B) {
	for _, readable := range []bool{false, true} {
		b.Run(fmt.Sprintf("readable=%v", readable), func(b *testing.B) {
			g, err := credit.Kind().Open(generators.Config{Readable: readable, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 0))
			b.ReportAllocs()
			for b.Loop() {
				g.Next(rng)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "examples/s")
		})
	}
}

func take(t *testing.T, n int, cfg generators.Config) []generators.Example {
	t.Helper()
	g, err := credit.Kind().Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	examples := make([]generators.Example, n)
	for i := range examples {
		examples[i] = g.Next(rng)
	}
	return examples
}

func schema(t *testing.T) generators.Schema {
	t.Helper()
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return g.Schema()
}
