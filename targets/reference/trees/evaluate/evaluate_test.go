package evaluate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"servebench/targets/reference/trees/evaluate"
)

func TestScoresByHand(t *testing.T) {
	p := []float32{0.1, 0.4, 0.35, 0.8, 0.5}
	labels := []uint8{0, 0, 1, 1, 0}
	s := evaluate.Of(p, labels)
	if s.Accuracy != 3.0/5 { // 0.35 and 0.5 are on the wrong side
		t.Errorf("accuracy is %v", s.Accuracy)
	}
	// The row of 0.8 beats all three of class 0, that of 0.35 only the first.
	if s.AUC != 4.0/6 {
		t.Errorf("AUC is %v", s.AUC)
	}
	want := -(math.Log(0.9) + math.Log(0.6) + math.Log(0.35) + math.Log(0.8) + math.Log(0.5)) / 5
	if math.Abs(s.LogLoss-want) > 1e-7 {
		t.Errorf("log loss is %v, want %v", s.LogLoss, want)
	}
}

func TestAUC(t *testing.T) {
	for name, test := range map[string]struct {
		p      []float32
		labels []uint8
		want   float64
	}{
		"perfect":  {[]float32{0.1, 0.2, 0.9}, []uint8{0, 0, 1}, 1},
		"reversed": {[]float32{0.9, 0.8, 0.1}, []uint8{0, 0, 1}, 0},
		"all tied": {[]float32{0.5, 0.5, 0.5, 0.5}, []uint8{0, 1, 0, 1}, 0.5},
		"a tie":    {[]float32{0.2, 0.5, 0.5}, []uint8{0, 0, 1}, 0.75},
	} {
		if got := evaluate.AUC(test.p, test.labels); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
	if got := evaluate.AUC([]float32{0.1, 0.2}, []uint8{1, 1}); !math.IsNaN(got) {
		t.Errorf("without a class: got %v, want NaN", got)
	}
}

func TestAUCCountsPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	p, labels := make([]float32, 200), make([]uint8, 200)
	for i := range p {
		p[i], labels[i] = float32(rng.IntN(20))/20, uint8(rng.IntN(2))
	}
	right, pairs := 0.0, 0.0
	for i := range p {
		for j := range p {
			if labels[i] == 1 && labels[j] == 0 {
				pairs++
				if p[i] > p[j] {
					right++
				} else if p[i] == p[j] {
					right += 0.5
				}
			}
		}
	}
	if got := evaluate.AUC(p, labels); math.Abs(got-right/pairs) > 1e-12 {
		t.Errorf("got %v, want %v", got, right/pairs)
	}
}

func TestLogLossStaysFinite(t *testing.T) {
	if got := evaluate.LogLoss([]float32{0, 1}, []uint8{1, 0}); math.IsInf(got, 0) || got < 17 {
		t.Errorf("certain mistakes cost %v", got)
	}
}

func TestSplitCoversEveryRowOnce(t *testing.T) {
	for _, n := range []int{5, 100, 1001} {
		sets := evaluate.Split(n, rand.New(rand.NewPCG(1, 0)), 0.6, 0.2, 0.2)
		for i, share := range []float64{0.6, 0.2, 0.2} {
			if math.Abs(float64(len(sets[i]))-share*float64(n)) > 1 {
				t.Errorf("set %d of %d rows has %d", i, n, len(sets[i]))
			}
		}
		covers(t, n, slices.Concat(sets...))
	}
}

func TestFoldsCoverEveryRowOnce(t *testing.T) {
	const n, k = 103, 5
	var tested []int
	for _, fold := range evaluate.Folds(n, k, rand.New(rand.NewPCG(1, 0))) {
		if len(fold.Test) < n/k || len(fold.Test) > n/k+1 {
			t.Errorf("a fold tests %d rows", len(fold.Test))
		}
		covers(t, n, slices.Concat(fold.Train, fold.Test))
		tested = append(tested, fold.Test...)
	}
	covers(t, n, tested)
}

func covers(t *testing.T, n int, rows []int) {
	t.Helper()
	rows = slices.Sorted(slices.Values(rows))
	for i := range n {
		if len(rows) != n || rows[i] != i {
			t.Fatalf("the rows are not 0 to %d, each once: %v", n-1, rows)
		}
	}
}

// The interval of a mean is known: 1.96 standard errors to each side.
func TestBootstrapOfAShare(t *testing.T) {
	const n = 1000
	hits := func(rows []int) float64 {
		count := 0
		for _, row := range rows {
			if row < 900 {
				count++
			}
		}
		return float64(count) / n
	}
	got := evaluate.Bootstrap(n, 2000, 0.95, rand.New(rand.NewPCG(1, 0)), hits)
	half := 1.96 * math.Sqrt(0.9*0.1/n)
	if math.Abs(got.Low-(0.9-half)) > 0.003 || math.Abs(got.High-(0.9+half)) > 0.003 {
		t.Errorf("got %v, want about %v to %v", got, 0.9-half, 0.9+half)
	}
}

// Of 40 samples, a 95 % interval should hold the true share about 38 times; 33
// or fewer have a probability below 0.2 %.
func TestBootstrapCovers(t *testing.T) {
	const n, share = 400, 0.8
	held := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		hit := make([]float64, n)
		for i := range hit {
			if rng.Float64() < share {
				hit[i] = 1
			}
		}
		interval := evaluate.Bootstrap(n, 500, 0.95, rng, func(rows []int) float64 {
			sum := 0.0
			for _, row := range rows {
				sum += hit[row]
			}
			return sum / n
		})
		if interval.Low <= share && share <= interval.High {
			held++
		}
	}
	if held < 34 {
		t.Errorf("the interval held the true share %d times of 40", held)
	}
}

func TestMeanSD(t *testing.T) {
	mean, sd := evaluate.MeanSD([]float64{2, 4, 4, 4, 5, 5, 7, 9})
	if mean != 5 || math.Abs(sd-math.Sqrt(32.0/7)) > 1e-12 {
		t.Errorf("got %v ± %v", mean, sd)
	}
	if _, sd := evaluate.MeanSD([]float64{1}); !math.IsNaN(sd) {
		t.Errorf("the deviation of one value is %v", sd)
	}
}
