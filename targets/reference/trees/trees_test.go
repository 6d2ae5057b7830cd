package trees_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"servebench/targets/reference/trees"
)

// rings is a task that no single split solves: class 1 lies in a ring, a tenth of
// the labels is wrong, a tenth of the values is missing, column c is noise.
func rings(n int, seed uint64) trees.Data {
	rng := seeded(seed)
	d := trees.Data{Features: []string{"a", "b", "c"}}
	for range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		label := uint8(0)
		if r := a*a + b*b; r > 0.5 && r < 2 {
			label = 1
		}
		if rng.Float64() < 0.1 {
			label = 1 - label
		}
		for _, v := range []float64{a, b, rng.NormFloat64()} {
			if rng.Float64() < 0.1 {
				v = math.NaN()
			}
			d.Values = append(d.Values, float32(v))
		}
		d.Labels = append(d.Labels, label)
	}
	return d
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func train(tb testing.TB, d, valid trees.Data, change func(*trees.Params)) (*trees.Model, trees.Curve) {
	tb.Helper()
	p := trees.Defaults()
	if change != nil {
		change(&p)
	}
	m, curve, err := trees.Train(d, valid, p)
	if err != nil {
		tb.Fatal(err)
	}
	return m, curve
}

func file(tb testing.TB, m *trees.Model) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func accuracy(m *trees.Model, d trees.Data) float64 {
	right := 0
	for i, p := range d.Predict(m) {
		if (p >= 0.5) == (d.Labels[i] == 1) {
			right++
		}
	}
	return float64(right) / float64(d.Len())
}

// By hand: at probability one half the derivatives are ±0.5 and 0.25, so each
// side of the cut at 2.5 has G = ±1, H = 0.5, and with λ = 1 the leaves are
// ∓1/1.5 and the gain 1/1.5 + 1/1.5 − 0.
func TestOneSplitByHand(t *testing.T) {
	d := trees.Data{Features: []string{"x"}, Values: []float32{1, 2, 3, 4}, Labels: []uint8{0, 0, 1, 1}}
	m, curve := train(t, d, trees.Data{}, func(p *trees.Params) {
		*p = trees.Params{Trees: 1, Depth: 3, LearningRate: 1, Lambda: 1, RowShare: 1, FeatureShare: 1, Bins: 4}
	})
	high := 1 / (1 + math.Exp(-1/1.5))
	for x, want := range map[float32]float64{0: 1 - high, 2: 1 - high, 2.4: 1 - high, 2.5: high, 9: high} {
		if got := m.Predict([]float32{x}); math.Abs(float64(got)-want) > 1e-7 {
			t.Errorf("x = %v: got %v, want %v", x, got, want)
		}
	}
	if got, want := m.Gain()[0], 2/1.5; math.Abs(got-want) > 1e-6 {
		t.Errorf("gain is %v, want %v", got, want)
	}
	if got, want := curve.Train[0], -math.Log(high); math.Abs(got-want) > 1e-7 {
		t.Errorf("loss is %v, want %v", got, want)
	}
}

func TestLearnsRings(t *testing.T) {
	m, _ := train(t, rings(8000, 1), rings(2000, 2), nil)
	if got := accuracy(m, rings(4000, 3)); got < 0.8 { // 0.9 without missing values
		t.Errorf("accuracy is %.3f", got)
	}
	gain := m.Gain()
	if gain[2] > gain[0]/10 || gain[2] > gain[1]/10 {
		t.Errorf("noise feature c gains %v", gain)
	}
}

// Whether x is there decides the class; its value does not.
func TestMissingValuesHaveADirection(t *testing.T) {
	d := trees.Data{Features: []string{"x"}}
	rng := seeded(1)
	for i := range 2000 {
		v, label := float32(rng.Float64()), uint8(0)
		if i%3 == 0 {
			v, label = float32(math.NaN()), 1
		}
		d.Values, d.Labels = append(d.Values, v), append(d.Labels, label)
	}
	m, _ := train(t, d, trees.Data{}, nil)
	if got := accuracy(m, d); got < 0.99 {
		t.Errorf("accuracy is %.3f", got)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	d, valid := rings(2000, 1), rings(500, 2)
	sampled := func(seed uint64) func(*trees.Params) {
		return func(p *trees.Params) { p.Seed, p.RowShare, p.FeatureShare, p.Trees = seed, 0.7, 0.7, 20 }
	}
	a, _ := train(t, d, valid, sampled(1))
	b, _ := train(t, d, valid, sampled(1))
	if !bytes.Equal(file(t, a), file(t, b)) {
		t.Error("the same seed gave different models")
	}
	c, _ := train(t, d, valid, sampled(2))
	if bytes.Equal(file(t, a), file(t, c)) {
		t.Error("another seed gave the same model")
	}
}

func TestEarlyStopping(t *testing.T) {
	m, curve := train(t, rings(1000, 1), rings(1000, 2), func(p *trees.Params) { p.Trees, p.MinChildWeight, p.Patience = 500, 0, 7 })
	if len(curve.Valid) != curve.Best+7 || len(curve.Train) != len(curve.Valid) {
		t.Errorf("grew %d trees, best %d, want 7 more than the best", len(curve.Valid), curve.Best)
	}
	if m.Trees() != curve.Best {
		t.Errorf("the model has %d trees, the best were %d", m.Trees(), curve.Best)
	}
	for n, v := range curve.Valid {
		if v < curve.Valid[curve.Best-1] {
			t.Errorf("loss after %d trees is below that after the best, %d", n+1, curve.Best)
		}
	}
	if last := len(curve.Train) - 1; curve.Train[last] > curve.Train[0] {
		t.Error("the training loss rose")
	}
}

func TestLimitsHold(t *testing.T) {
	d := rings(2000, 1)
	m, _ := train(t, d, trees.Data{}, func(p *trees.Params) { p.Depth, p.Trees = 1, 5 })
	if m.Nodes() != 15 {
		t.Errorf("5 trees of depth 1 have %d nodes, want 15", m.Nodes())
	}
	m, _ = train(t, d, trees.Data{}, func(p *trees.Params) { p.Gamma, p.Trees = 1e8, 5 })
	if m.Nodes() != 5 {
		t.Errorf("5 trees without a split have %d nodes", m.Nodes())
	}
	m, _ = train(t, d, trees.Data{}, func(p *trees.Params) { p.MinChildWeight, p.Trees = 1e8, 5 })
	if m.Nodes() != 5 {
		t.Errorf("5 trees of too light children have %d nodes", m.Nodes())
	}
}

func TestTrainRejects(t *testing.T) {
	good := rings(100, 1)
	with := func(change func(*trees.Data)) trees.Data {
		d := good.Take(seq(good.Len()))
		change(&d)
		return d
	}
	for _, test := range []struct {
		want         string
		train, valid trees.Data
		params       func(*trees.Params)
	}{
		{"trees: 0 is outside 1 to 10000", good, good, func(p *trees.Params) { p.Trees = 0 }},
		{"learning rate: NaN is not above 0 and at most 1", good, good, func(p *trees.Params) { p.LearningRate = math.NaN() }},
		{"lambda: -1 is outside 0 to 1e9", good, good, func(p *trees.Params) { p.Lambda = -1 }},
		{"bins: 256 is outside 2 to 255", good, good, func(p *trees.Params) { p.Bins = 256 }},
		{"both classes", with(func(d *trees.Data) { clear(d.Labels) }), good, nil},
		{"row 3: label is 2", with(func(d *trees.Data) { d.Labels[3] = 2 }), good, nil},
		{"row 2: feature b is +Inf", with(func(d *trees.Data) { d.Values[7] = float32(math.Inf(1)) }), good, nil},
		{"need 300 values, the data has 299", with(func(d *trees.Data) { d.Values = d.Values[1:] }), good, nil},
		{"no features", trees.Data{}, good, nil},
		{"validation data: its features", good, with(func(d *trees.Data) { d.Features = []string{"a", "b", "d"} }), nil},
		{"validation data: row 0: label is 9", good, with(func(d *trees.Data) { d.Labels[0] = 9 }), nil},
	} {
		t.Run(test.want, func(t *testing.T) {
			p := trees.Defaults()
			if test.params != nil {
				test.params(&p)
			}
			_, _, err := trees.Train(test.train, test.valid, p)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q in it", err, test.want)
			}
		})
	}
}

func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// Rows of class 1 that weigh three times as much are as good as three of each.
func TestClassWeightsAreRepeatedRows(t *testing.T) {
	d := rings(200, 1)
	repeated := trees.Data{Features: d.Features}
	for i, label := range d.Labels {
		for range 1 + 2*label {
			repeated.Values, repeated.Labels = append(repeated.Values, d.Row(i)...), append(repeated.Labels, label)
		}
	}
	plain := func(p *trees.Params) { p.Trees, p.Depth, p.Lambda, p.MinChildWeight, p.RowShare = 5, 3, 0, 0, 1 }
	want, _ := train(t, repeated, trees.Data{}, plain)
	got, _ := train(t, d, trees.Data{}, func(p *trees.Params) { plain(p); p.ClassWeights = trees.ClassWeights{2, 6} })
	alike, _ := train(t, d, trees.Data{}, plain)
	differs := false
	for i := range d.Len() {
		w, g := want.Predict(d.Row(i)), got.Predict(d.Row(i))
		if math.Abs(float64(w-g)) > 1e-5 {
			t.Fatalf("row %d: %v, want %v", i, g, w)
		}
		differs = differs || math.Abs(float64(g-alike.Predict(d.Row(i)))) > 0.1
	}
	if !differs {
		t.Error("the weights changed nothing")
	}
	if w := trees.Balanced(d).PerRow(d); math.Abs(w[0]*float64(d.Len()-ones(d))-w[1]*float64(ones(d))) > 1e-9 {
		t.Errorf("balanced weights %v of %d rows, %d of class 1", w, d.Len(), ones(d))
	}
	for _, w := range []trees.ClassWeights{{-1, 1}, {0, 1}, {1, 1e7}, {math.NaN(), 1}, {math.Inf(1), 1}} {
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), "want two numbers above 0") {
			t.Errorf("weights %v: error %v", w, err)
		}
	}
}

func ones(d trees.Data) (n int) {
	for _, label := range d.Labels {
		n += int(label)
	}
	return n
}

// The average has the mean log-odds, also after it was written and read again.
func TestAverage(t *testing.T) {
	d := rings(1000, 1)
	var all []*trees.Model
	for seed := range uint64(3) {
		m, _ := train(t, rings(2000, 10+seed), trees.Data{}, func(p *trees.Params) { p.Trees, p.Seed = 10+int(seed), seed })
		all = append(all, m)
	}
	average := trees.Average(all)
	again, err := trees.Read(bytes.NewReader(file(t, average)))
	if err != nil {
		t.Fatal(err)
	}
	logOdds := func(m *trees.Model, row []float32) float64 {
		p := float64(m.Predict(row))
		return math.Log(p / (1 - p))
	}
	for i := range d.Len() {
		want := (logOdds(all[0], d.Row(i)) + logOdds(all[1], d.Row(i)) + logOdds(all[2], d.Row(i))) / 3
		if got := logOdds(average, d.Row(i)); math.Abs(got-want) > 1e-4 {
			t.Fatalf("row %d: log-odds %v, want %v", i, got, want)
		}
		if got := again.Predict(d.Row(i)); got != average.Predict(d.Row(i)) {
			t.Fatalf("row %d: %v when it is read again, %v before", i, got, average.Predict(d.Row(i)))
		}
	}
}

func TestPredictDoesNotAllocate(t *testing.T) {
	d := rings(500, 1)
	m, _ := train(t, d, trees.Data{}, nil)
	if n := testing.AllocsPerRun(100, func() { m.Predict(d.Row(0)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPredict(b *testing.B) {
	for name, depth := range map[string]int{"depth=5": 5, "depth=6": 6} {
		b.Run("trees=100/"+name, func(b *testing.B) {
			d := rings(20_000, 1)
			m, _ := train(b, d, trees.Data{}, func(p *trees.Params) { p.Depth, p.MinChildWeight = depth, 0 })
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				m.Predict(d.Row(i))
				i = (i + 1) % d.Len()
			}
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	d := rings(20_000, 1)
	for b.Loop() {
		train(b, d, trees.Data{}, func(p *trees.Params) { p.Trees = 20 })
	}
}
