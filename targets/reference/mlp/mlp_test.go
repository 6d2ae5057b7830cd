package mlp_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"servebench/targets/reference/mlp"
	"servebench/targets/reference/onnx"
	"servebench/targets/reference/trees"
)

// ring is a task that no line solves: class 1 lies in a ring, of numbers far from 0 and of very
// different size.
func ring(n int, seed uint64) trees.Data {
	rng := rand.New(rand.NewPCG(seed, 0))
	d := trees.Data{Features: []string{"a", "b", "constant"}}
	for range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		label := uint8(0)
		if r := a*a + b*b; r > 0.5 && r < 2 {
			label = 1
		}
		d.Values = append(d.Values, float32(1e6+1e5*a), float32(0.01*b-3), 7)
		d.Labels = append(d.Labels, label)
	}
	return d
}

func small() mlp.Params {
	p := mlp.Defaults()
	p.Hidden, p.Epochs, p.LearningRate = []int{24, 12}, 40, 0.01
	return p
}

func train(t *testing.T, d, valid trees.Data, p mlp.Params) (*mlp.Model, trees.Curve) {
	t.Helper()
	m, curve, err := mlp.Train(d, valid, p)
	if err != nil {
		t.Fatal(err)
	}
	return m, curve
}

// TestLearns also reads the file again, which predicts the same.
func TestLearns(t *testing.T) {
	t.Parallel()
	m, curve := train(t, ring(4000, 1), ring(1000, 2), small())
	test := ring(2000, 3)
	right, p := 0, m.Predict(test)
	for i, label := range test.Labels {
		if (p[i] >= 0.5) == (label == 1) {
			right++
		}
	}
	if share := float64(right) / float64(test.Len()); share < 0.95 {
		t.Errorf("%v of the test rows are right, want 0.95", share)
	}
	if best := curve.Valid[curve.Best-1]; best > 0.2 || best > curve.Valid[0] || len(curve.Train) != len(curve.Valid) {
		t.Errorf("the best of %v is %v", curve.Valid, best)
	}
	file, err := m.WithMetadata(map[string]string{"origin": "test"}).ONNX()
	if err != nil {
		t.Fatal(err)
	}
	again, err := onnx.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if again.Attributes()["origin"] != "test" || strings.Join(again.Features(), " ") != "a b constant" {
		t.Errorf("features %q, attributes %q", again.Features(), again.Attributes())
	}
	scores := make([]float32, 2*test.Len())
	again.Scores(test.Values, scores)
	for i := range p {
		if scores[2*i+1] != p[i] {
			t.Fatalf("row %d: %v when it is read again, %v before", i, scores[2*i+1], p[i])
		}
	}
}

func TestSameSeedSameModel(t *testing.T) {
	t.Parallel()
	file := func(seed uint64) string {
		p := small()
		p.Epochs, p.Seed = 2, seed
		m, _ := train(t, ring(500, 1), trees.Data{}, p)
		data, err := m.ONNX()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := file(1)
	if again := file(1); again != first {
		t.Error("the same seed gave two models")
	}
	if file(2) == first {
		t.Error("another seed gave the same model")
	}
}

func TestStopsEarly(t *testing.T) {
	t.Parallel()
	p := small()
	p.Epochs, p.Patience = 1000, 3
	noise := ring(200, 1)
	for i := range noise.Labels {
		noise.Labels[i] = uint8(i % 2)
	}
	_, curve := train(t, noise, ring(200, 2), p)
	if len(curve.Train)-curve.Best != 3 {
		t.Errorf("%d epochs, the best was %d", len(curve.Train), curve.Best)
	}
}

// Weights of a class move the mean prediction.
func TestClassWeights(t *testing.T) {
	t.Parallel()
	mean := func(weights trees.ClassWeights) (sum float64) {
		p := small()
		p.Epochs, p.ClassWeights = 10, weights
		d := ring(1000, 1)
		for i := range d.Labels {
			d.Labels[i] = uint8(i % 4 / 3) // chance alone, one in four
		}
		m, _ := train(t, d, trees.Data{}, p)
		for _, v := range m.Predict(d) {
			sum += float64(v) / 1000
		}
		return sum
	}
	if plain, balanced := mean(trees.ClassWeights{}), mean(trees.ClassWeights{1, 3}); math.Abs(plain-0.25) > 0.07 || math.Abs(balanced-0.5) > 0.07 {
		t.Errorf("mean probabilities %v and %v, want 0.25 and 0.5", plain, balanced)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	good, missing, one := ring(100, 1), ring(100, 1), ring(100, 1)
	missing.Values[4] = float32(math.NaN())
	clear(one.Labels)
	other := ring(100, 1)
	other.Features = []string{"a", "b", "c"}
	for _, c := range []struct {
		train, valid trees.Data
		want         string
	}{
		{missing, trees.Data{}, "row 1: feature b is missing"},
		{good, missing, "row 1: feature b is missing"},
		{one, trees.Data{}, "rows of both classes"},
		{good, other, "its features are not those"},
		{trees.Data{}, trees.Data{}, "no features"},
	} {
		if _, _, err := mlp.Train(c.train, c.valid, small()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	bad := mlp.Params{Hidden: []int{0, 4, 4, 4, 4, 4}, LearningRate: 2, L2: -1, Batch: -1, Patience: -1, ClassWeights: trees.ClassWeights{1, -1}}
	_, _, err := mlp.Train(good, good, bad)
	for _, want := range []string{"6 layers", "a layer of 0", "learning rate: 2", "L2: -1", "epochs: 0", "batch: -1", "patience: -1", "class weights: 1:-1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
