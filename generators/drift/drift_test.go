package drift

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/generators"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"
)

// schema has a column of each kind.
func schema() generators.Schema {
	return generators.Schema{
		Features: []generators.Feature{{Name: "income"}, {Name: "level", Categories: []string{"low", "middle", "high"}}, {Name: "constant"}},
		Classes:  []string{"declined", "approved"},
	}
}

// rows fills a sample with so many rows, of which change makes others.
func rows(n int, seed uint64, change func(i int, features []float32)) *Sample {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := NewSample(schema())
	for i := range n {
		features := []float32{float32(rng.NormFloat64()), float32(rng.IntN(3)), 7}
		p := rng.Float32()
		if change != nil {
			change(i, features)
		}
		s.Add(features, generators.Probable([]float32{1 - p, p}))
	}
	return s
}

func profile(t *testing.T) *Profile {
	t.Helper()
	p, err := NewProfile(rows(2000, 1, nil))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSpendingAddsUpToAlpha(t *testing.T) {
	s := Spending{Alpha: 0.05, Half: 20}
	sum, before := 0.0, math.Inf(1)
	for k := 1; k <= 1_000_000; k++ {
		if s.At(k) >= before {
			t.Fatalf("look %d gets %g, no less than the one before", k, s.At(k))
		}
		before = s.At(k)
		if sum += before; k == s.Half && math.Abs(sum-0.025) > 1e-12 {
			t.Errorf("the first %d looks spend %g, want one half of 0.05", k, sum)
		}
	}
	if sum > 0.05 || sum < 0.0499 {
		t.Errorf("all looks spend %g, want nearly 0.05", sum)
	}
}

// TestWindowDetectors shows each kind of change to both detectors.
func TestWindowDetectors(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  *Sample
		psi, ks State
		column  string
	}{
		{"nothing", rows(1000, 2, nil), Stable, Stable, ""},
		{"too few rows", rows(LeastRows-1, 2, nil), TooFew, TooFew, ""},
		{"a number moves", rows(1000, 2, func(_ int, f []float32) { f[0] += 0.4 }), Drift, Drift, "income"},
		{"a number spreads", rows(1000, 2, func(_ int, f []float32) { f[0] *= 1.5 }), Drift, Drift, "income"},
		{"a number is missing", rows(1000, 2, func(i int, f []float32) {
			if i%10 == 0 {
				f[0] = float32(math.NaN())
			}
		}), Drift, Stable, "income"},
		{"infinities", rows(1000, 2, func(i int, f []float32) {
			if i%5 == 0 {
				f[0] = float32(math.Inf(-1))
			}
		}), Drift, Drift, "income"},
		{"categories move", rows(1000, 2, func(i int, f []float32) {
			if i%4 == 0 {
				f[1] = 0
			}
		}), Drift, Stable, "level"},
		{"an unknown category", rows(1000, 2, func(i int, f []float32) {
			if i%20 == 0 {
				f[1] = 9
			}
		}), Drift, Stable, "level"},
		{"a constant moves", rows(1000, 2, func(_ int, f []float32) { f[2] = 8 }), Drift, Drift, "constant"},
		{"a constant moves at times", rows(1000, 2, func(i int, f []float32) { f[2] += float32(i % 20 / 19) }), Drift, Drift, "constant"},
	} {
		p := profile(t)
		for name, want := range map[string]State{"psi": c.psi, "ks": c.ks} {
			for _, kind := range Kinds() {
				if kind.Name != name {
					continue
				}
				got := kind.Window(p, Alpha).Look(c.window)
				if c.name == "a constant moves at times" && name == "ks" {
					want = got.State // a distance of 0.05 is on the floor
				}
				if got.State != want || want == Drift && got.Column != c.column || got.N != c.window.Len() {
					t.Errorf("%s: %s says %+v, want %s in column %q", c.name, name, got, want, c.column)
				}
				for _, f := range got.Columns {
					if f.Drift != (f.Statistic > f.Threshold) || f.Threshold <= 0 {
						t.Errorf("%s: %s found %+v", c.name, name, f)
					}
				}
			}
		}
	}
}

// TestEffectFloor shows ks a shift that is certain and small.
func TestEffectFloor(t *testing.T) {
	shift := func(by float32) *Sample { return rows(5000, 3, func(_ int, f []float32) { f[0] += by }) }
	p, err := NewProfile(rows(5000, 1, nil))
	if err != nil {
		t.Fatal(err)
	}
	for by, want := range map[float32]State{0.08: Stable, 0.25: Drift} {
		if got := NewKS(p, Spending{Alpha: 0.5}).Look(shift(by)); got.State != want || got.Threshold != LeastDistance {
			t.Errorf("a shift of %g: %+v, want %s by the floor", by, got, want)
		}
	}
}

// TestThresholds compares with quantiles of tables: χ²(0.991, 1) = 6.823, and Kolmogorov's
// 1.358 for 5 % (J. H. Zar, Biostatistical Analysis).
func TestThresholds(t *testing.T) {
	p := profile(t)
	window := rows(1000, 2, nil)
	found := NewPSI(p, Spending{Alpha: 0.01 * 5}).Look(window).Columns
	f := found[slices.IndexFunc(found, func(f Finding) bool { return f.Column == Prediction })]
	// A tenth of the level is for what was never seen: χ²(1 − 0.9·0.01, 1).
	if want := 6.823 * (1/1000. + 1/2000.); f.Threshold < want || f.Threshold > 1.01*want {
		t.Errorf("psi: threshold %g of two bins, want %g", f.Threshold, want)
	}
	if got := kolmogorovQuantile(0.05); math.Abs(got-1.358) > 5e-4 {
		t.Errorf("ks: %g, want 1.358", got)
	}
	for _, p := range []float64{0.05, 0.01, 1e-6} {
		if got := kolmogorovSurvival(kolmogorovQuantile(p)); math.Abs(got-p) > 1e-4*p {
			t.Errorf("the quantile of %g is exceeded with %g", p, got)
		}
	}
}

// kolmogorovSurvival is how likely chance is to exceed a scaled distance.
func kolmogorovSurvival(x float64) float64 {
	if x < 0.2 {
		return 1 // to within 10⁻¹², and the series does not converge at 0
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; ; k++ {
		term := math.Exp(-2 * k * k * x * x)
		if sum += sign * term; term < 1e-16 {
			return min(1, 2*sum)
		}
		sign = -sign
	}
}

func TestPSI(t *testing.T) {
	want := (0.2-0.1)*math.Log(2) + (0.8-0.9)*math.Log(0.8/0.9)
	if got := PSI([]int{10, 90}, []int{40, 160}); math.Abs(got-want) > 1e-15 {
		t.Errorf("%g, want %g", got, want)
	}
	if got := PSI([]int{0, 100}, []int{0, 50}); math.Abs(got) > 0.01 {
		t.Errorf("empty bins on both sides give %g", got)
	}
}

// TestPool keeps every row in a bin.
func TestPool(t *testing.T) {
	for _, c := range []struct {
		reference, window, expected, actual []int
		unseen                              int
	}{
		{[]int{100, 100, 0}, []int{20, 20, 0}, []int{100, 100}, []int{20, 20}, 0},
		{[]int{100, 100, 0}, []int{5, 5, 0}, []int{200}, []int{10}, 0},
		{[]int{950, 9, 41, 0}, []int{490, 3, 5, 2}, []int{50, 950}, []int{10, 490}, 0},
		{[]int{950, 9, 41, 0}, []int{490, 3, 5, 9}, []int{50, 950}, []int{8, 490}, 9},
		{[]int{1000, 0, 0}, []int{400, 50, 50}, []int{1000}, []int{400}, 100},
		{[]int{1000, 0, 0}, []int{400, 3, 50}, []int{1000}, []int{403}, 50},
		{[]int{8, 900, 7, 300, 9, 6}, []int{4, 900, 3, 300, 3, 2}, []int{24, 306, 900}, []int{10, 302, 900}, 0},
		{[]int{1000, 0}, []int{500, 0}, []int{1000}, []int{500}, 0},
	} {
		n, m := 0, 0
		for i, k := range c.window {
			n, m = n+k, m+c.reference[i]
		}
		expected, actual, unseen := pool(c.reference, c.window, m, n, 5)
		if !reflect.DeepEqual(expected, c.expected) || !reflect.DeepEqual(actual, c.actual) || unseen != c.unseen {
			t.Errorf("%v and %v: %v and %v, %d unseen, want %v and %v, %d", c.reference, c.window, expected, actual, unseen, c.expected, c.actual, c.unseen)
		}
	}
}

// TestMostUnseen compares with draws of which rows are in the window.
func TestMostUnseen(t *testing.T) {
	const bins, m, n, alpha = 3, 2000, 500, 1e-3
	most := mostUnseen(bins, m, n, alpha)
	if p := math.Pow(float64(n)/(n+m), float64(most)); p < alpha/bins || p*n/(n+m) > alpha/bins {
		t.Errorf("%d rows of a bin are all in the window with probability %g", most, p)
	}
	if got := mostUnseen(0, m, n, alpha); got != 0 {
		t.Errorf("%d rows of no bin", got)
	}
}

// TestSampleKeepsAnyRow adds more rows than are kept, and looks where those come from.
func TestSampleKeepsAnyRow(t *testing.T) {
	s := NewSample(schema())
	const n = 10 * Most
	for i := range n {
		s.Add([]float32{float32(i)}, generators.Answer{})
	}
	if s.Len() != Most || s.Added() != n {
		t.Fatalf("%d of %d rows", s.Len(), s.Added())
	}
	values := s.column(0)
	mean := 0.0
	for _, v := range values {
		mean += v / Most
	}
	if sd := n / math.Sqrt(12*Most); math.Abs(mean-n/2) > 4*sd {
		t.Errorf("the rows kept have the mean number %g of %d", mean, n)
	}
	if got := s.column(1); len(got) != 0 {
		t.Errorf("a feature that was not there has the values %v", got)
	}
	if s.Reset(); s.Len() != 0 || s.Added() != 0 {
		t.Error("a sample that was reset holds rows")
	}
}

func TestAnswers(t *testing.T) {
	number := generators.Answer{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("y", []int64{1}, []float32{2.5})}}
	list := generators.Answer{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("y", []int64{2}, []float32{1, 2})}}
	text := generators.Answer{Kind: generators.Text, Value: generators.Value{Text: "2.5"}}
	nan := math.NaN()
	for i, c := range []struct {
		answer            generators.Answer
		classes           bool
		prediction, score float64
	}{
		{generators.Probable([]float32{0.25, 0.75}), true, 1, 0.75},
		{generators.Probable([]float32{0.25, 0.5, 0.25}), true, 1, 0.5},
		{generators.Classified(2), true, 2, nan},
		{number, false, 2.5, nan}, {text, false, 2.5, nan},
		{list, false, nan, nan}, {number, true, nan, nan}, {generators.Answer{}, false, nan, nan},
	} {
		prediction, score := read(c.answer, c.classes)
		if diff := cmp.Diff([]string{format(c.prediction), format(c.score)}, []string{format(prediction), format(score)}); diff != "" {
			t.Errorf("answer %d: %s", i, diff)
		}
	}
}

func format(v float64) string {
	b, _ := json.Marshal(map[bool]any{true: "NaN", false: v}[math.IsNaN(v)])
	return string(b)
}

// TestAccuracy compares with counting again.
func TestAccuracy(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	const last, span = 50, time.Second
	counted, timed := NewAccuracy(last), NewAccuracyOver(span)
	type outcome struct {
		at    time.Duration
		right bool
	}
	var all []outcome
	at := time.Duration(0)
	for range 5000 {
		at += time.Duration(rng.IntN(60)) * span / spanParts
		if rng.IntN(50) == 0 {
			at += 3 * span
		}
		o := outcome{at, rng.IntN(10) > 0}
		all = append(all, o)
		counted.Add(o.at, o.right)
		timed.Add(o.at, o.right)
		var right, n, rightOver, over int64
		for i, o := range all {
			if i >= len(all)-last {
				if n++; o.right {
					right++
				}
			}
			if o.at > at-span {
				if over++; o.right {
					rightOver++
				}
			}
		}
		if got := counted.At(at); got.N != n || got.Right != right {
			t.Fatalf("the last %d: %+v, want %d of %d", last, got, right, n)
		}
		if got := timed.At(at); got.N != over || got.Right != rightOver {
			t.Fatalf("the last %v at %v: %+v, want %d of %d", span, at, got, rightOver, over)
		}
	}
	if got := timed.At(at + 2*span); got != (Share{}) {
		t.Errorf("two spans later: %+v, want that it is not known", got)
	}
}

// TestShare compares with R's prop.test(90, 100, correct = FALSE) and (10, 10).
func TestShare(t *testing.T) {
	for _, want := range []Share{{90, 100, 0.9, 0.8256343, 0.9447709}, {10, 10, 1, 0.7224672, 1}, {}} {
		got := NewShare(want.Right, want.N)
		if got.Value != want.Value || math.Abs(got.Low-want.Low) > 1e-7 || math.Abs(got.High-want.High) > 1e-7 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestProfileIsWrittenAndRead(t *testing.T) {
	p := profile(t)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseProfile(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Error(diff)
	}
	if err := again.Check(schema()); err != nil {
		t.Error(err)
	}
	other := schema()
	other.Features[0].Name, other.Features[1].Categories = "salary", []string{"a"}
	other.Features = other.Features[:2]
	for _, want := range []string{`column 1 is "income", want "salary"`, `categories of "level"`, `column "score" is none of the data's`} {
		if err := again.Check(other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := NewProfile(rows(LeastRows-1, 1, nil)); err == nil || !strings.Contains(err.Error(), "499 rows, want at least 500") {
		t.Errorf("error %v of a reference that is too short", err)
	}
}

func TestParseProfileFaults(t *testing.T) {
	head := `{"format":"servebench.profile/v1","rows":500,"columns":[`
	for text, want := range map[string]string{
		`{"format":"x"}`: `format "x", want "servebench.profile/v1"`,
		`{"format":"servebench.profile/v1","rows":3}`:              "3 rows, want 500 to 5000",
		head + `{"name":"a","values":[2,1],"missing":498}]}`:       `column "a": the values do not ascend`,
		head + `{"name":"a","values":[1,2],"missing":3}]}`:         "2 values and 3 missing, want 500 together",
		head + `{"name":"a","categories":["x"],"counts":[500]}]}`:  "1 counts, want one for each of 1 categories and one of others",
		head + `{"name":"a","counts":[500]}]}`:                     "counts without categories",
		head + `{"name":"a","categories":["x"],"counts":[-1,1]}]}`: "a count of -1",
		head + `{"name":"a","categories":["x"],"values":[1]}]}`:    "values beside categories",
		head + `],"more":1}`: `unknown field "more"`,
		head + `]} {}`:       "there is more after its end",
		head + `{"name":"a"`: "unexpected EOF",
	} {
		if _, err := ParseProfile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

// FuzzParseProfile looks at windows with whatever profile could be read.
func FuzzParseProfile(f *testing.F) {
	s := NewSample(generators.Schema{Features: []generators.Feature{{Name: "x"}}})
	for i := range LeastRows {
		s.Add([]float32{float32(i / 100)}, generators.Answer{})
	}
	p, err := NewProfile(s)
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"servebench.profile/v1","rows":500,"columns":[{"name":"x","missing":500},{"name":"prediction","values":[],"missing":500}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProfile(text)
		if err != nil || p.Check(generators.Schema{Features: []generators.Feature{{Name: "x"}}}) != nil {
			return
		}
		for _, kind := range Kinds() {
			if kind.Window == nil {
				continue
			}
			for _, f := range kind.Window(p, Alpha).Look(s).Columns {
				if math.IsNaN(f.Statistic) || math.IsNaN(f.Threshold) || f.N < LeastRows {
					t.Errorf("%s found %+v", kind.Name, f)
				}
			}
		}
	})
}

// TestDistance compares with gonum, of values that repeat and of infinities as well.
func TestDistance(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	values := func() []float64 {
		all := make([]float64, 1+rng.IntN(60))
		for i := range all {
			if all[i] = float64(rng.IntN(40)); rng.IntN(50) == 0 {
				all[i] = math.Inf(1 - 2*rng.IntN(2))
			}
		}
		slices.Sort(all)
		return all
	}
	for range 2000 {
		x, y := values(), values()
		if got, want := distance(x, y), stat.KolmogorovSmirnov(x, nil, y, nil); math.Abs(got-want) > 1e-12 {
			t.Fatalf("the distance of %v and %v is %v, want %v", x, y, got, want)
		}
	}
}
