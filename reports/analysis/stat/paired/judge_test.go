package paired

import (
	"math"
	"math/rand/v2"
	"servebench/reports/record"
	"testing"
)

// around returns so many differences around the centre, evenly spread to both sides.
func around(centre, spread float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = centre + spread*(2*float64(i)/float64(n-1)-1)
	}
	return values
}

func TestJudge(t *testing.T) {
	plan, err := NewPlan(1, 40, 0.03, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	last := plan.Interims[4]
	for _, tt := range []struct {
		name    string
		metrics [][]float64
		want    record.Verdict
		each    []record.Verdict
	}{
		{"the same", [][]float64{around(0, 0.01, 30)}, record.Pass, []record.Verdict{record.Pass}},
		{"better", [][]float64{around(-0.2, 0.01, 30)}, record.Pass, []record.Verdict{record.Pass}},
		{"worse", [][]float64{around(0.1, 0.02, 30)}, record.Fail, []record.Verdict{record.Fail}},
		{"surely worse, but by less than the margin", [][]float64{around(0.02, 0.005, 30)}, record.Pass, []record.Verdict{record.Pass}},
		{"surely worse, by no more than the tolerance", [][]float64{around(0.04, 0.005, 30)}, record.Fail, []record.Verdict{record.Fail}},
		{"noise", [][]float64{around(0.03, 0.3, 30)}, record.Inconclusive, []record.Verdict{record.Inconclusive}},
		{"one of two is worse", [][]float64{around(0, 0.01, 30), around(0.1, 0.02, 30)}, record.Fail, []record.Verdict{record.Pass, record.Fail}},
		{"one of two is noise", [][]float64{around(0, 0.01, 30), around(0.03, 0.3, 30)}, record.Inconclusive, []record.Verdict{record.Pass, record.Inconclusive}},
		{"no pairs", [][]float64{nil}, record.Inconclusive, []record.Verdict{record.Inconclusive}},
		{"no metric", nil, record.Inconclusive, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, estimates := plan.Judge(last, tt.metrics)
			if got != tt.want {
				t.Errorf("verdict %v, want %v: %+v", got, tt.want, estimates)
			}
			for i, want := range tt.each {
				if estimates[i].Verdict != want {
					t.Errorf("metric %d: verdict %v, want %v: %+v", i, estimates[i].Verdict, want, estimates[i])
				}
			}
		})
	}
}

// TestJudgeBetweenTheTwo: what is surely worse by more than the tolerance, but by less
// than the margin, can neither fail nor pass.
func TestJudgeBetweenTheTwo(t *testing.T) {
	plan, err := NewPlan(1, 40, 0.1, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	if got, estimates := plan.Judge(plan.Interims[4], [][]float64{around(0.07, 0.01, 30)}); got != record.Inconclusive {
		t.Errorf("verdict %v, want %v: %+v", got, record.Inconclusive, estimates)
	}
}

// TestJudgeTellsWhatIsSurelyWorse: what Holm's step rejects beside a clearer metric is
// surely worse, though its own bound would not say so.
func TestJudgeTellsWhatIsSurelyWorse(t *testing.T) {
	plan := Plan{Margin: 0.2, Tolerance: 0.05}
	clear, just := around(0.1, 0.02, 12), around(0.1, 0.02, 12)
	just[0] = -0.001
	interim := record.Interim{Pairs: 12, Alpha: PValue(just), Beta: 0.01}
	_, both := plan.Judge(interim, [][]float64{clear, just})
	if !both[0].SurelyWorse || !both[1].SurelyWorse || both[1].Low != 0 {
		t.Errorf("beside a clearer one: %+v", both)
	}
	_, tied := plan.Judge(interim, [][]float64{around(0, 0.01, 12), just})
	if tied[0].SurelyWorse || tied[1].SurelyWorse || tied[1].Low >= 0 {
		t.Errorf("beside one that is no worse: %+v", tied)
	}
}

// TestJudgeSpendsTheInterim: at the first of the interim analyses, ten pairs that agree are just
// enough for one metric, and not for two.
func TestJudgeSpendsTheInterim(t *testing.T) {
	interim := record.Interim{Pairs: 10, Alpha: 0.001, Beta: 0.01}
	plan := Plan{Margin: 0.03, Tolerance: 0.05, Interims: []record.Interim{interim}}
	worse, same := around(0.1, 0.02, 10), around(0, 0.01, 10)
	if got, _ := plan.Judge(interim, [][]float64{worse}); got != record.Fail {
		t.Errorf("one metric: verdict %v, want %v", got, record.Fail)
	}
	if got, _ := plan.Judge(interim, [][]float64{worse, same}); got != record.Inconclusive {
		t.Errorf("two metrics: verdict %v, want %v", got, record.Inconclusive)
	}
}

// TestEstimateOfFailure: the bounds of a metric that fails leave out 0, also where
// Holm's procedure rejects what Bonferroni's correction would not.
func TestEstimateOfFailure(t *testing.T) {
	interim := record.Interim{Pairs: 10, Alpha: 0.0015, Beta: 0.01}
	plan := Plan{Margin: 0.03, Tolerance: 0.05, Interims: []record.Interim{interim}}
	_, estimates := plan.Judge(interim, [][]float64{around(0.1, 0.02, 10), around(0.1, 0.02, 10)})
	for i, e := range estimates {
		if e.Verdict == record.Fail {
			t.Errorf("metric %d fails with p = %v, which is more than half of %v", i, e.P, interim.Alpha)
		}
	}
	interim.Pairs, interim.Alpha = 11, 0.0015
	metrics := [][]float64{around(0.1, 0.02, 11), append(around(0.1, 0.02, 10), -0.001)}
	_, estimates = plan.Judge(interim, metrics)
	for i, e := range estimates {
		if e.Verdict != record.Fail || e.Low < 0 || e.Low > e.Centre || e.High < e.Centre {
			t.Errorf("metric %d: %+v, want a failure with bounds around its centre that leave out 0", i, e)
		}
	}
	if low, _ := Bounds(metrics[1], interim.Alpha/2, interim.Beta); low >= 0 {
		t.Errorf("Bonferroni's bound is %v: this shows nothing of Holm's", low)
	}
}

// TestPairs: an estimate that is not settled says how many pairs would do, and about
// as many do.
func TestPairs(t *testing.T) {
	plan, err := NewPlan(1, 40, 0.03, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 9))
	settled, asked, total := 0, 0, 0
	for range 1000 {
		x := normals(rng, 40)
		for i := range x {
			x[i] *= 0.12
		}
		verdict, estimates := plan.Judge(plan.Interims[4], [][]float64{x})
		if verdict != record.Inconclusive {
			continue
		}
		total++
		n, ok := plan.Pairs(estimates[0])
		if !ok {
			continue
		}
		asked++
		longer, err := plan.Extend(n)
		if err != nil {
			t.Fatal(err)
		}
		for len(x) < n {
			x = append(x, 0.12*rng.NormFloat64())
		}
		if verdict, _ := longer.Judge(longer.Interims[5], [][]float64{x}); verdict != record.Inconclusive {
			settled++
		}
	}
	t.Logf("of %d that were not settled, %d said how many pairs would do, and %d were settled by them", total, asked, settled)
	if asked < total/2 || settled < asked/2 {
		t.Errorf("of %d that were not settled, %d said how many pairs would do, and %d were settled by them", total, asked, settled)
	}
}

func TestPairsOfWhatCannotBeSettled(t *testing.T) {
	plan, err := NewPlan(1, 40, 0.03, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		e    Estimate
		want bool
	}{
		{"no bounds", Estimate{Pairs: 5, Centre: 0.01, Low: math.Inf(-1), High: math.Inf(1)}, false},
		{"wide", Estimate{Pairs: 30, Centre: 0.02, Low: -0.5, High: 0.5}, false},
		{"near the tolerance", Estimate{Pairs: 30, Centre: 0, Low: -0.06, High: 0.055}, true},
		{"nearly a failure", Estimate{Pairs: 30, Centre: 0.06, Low: -0.002, High: 0.12}, true},
	} {
		n, ok := plan.Pairs(tt.e)
		if ok != tt.want || ok && (n <= tt.e.Pairs || n > MostPairs) {
			t.Errorf("%s: %d pairs, %t, want %t", tt.name, n, ok, tt.want)
		}
	}
}

// BenchmarkJudge does an interim analysis of 40 rounds with as many metrics as there may be.
func BenchmarkJudge(b *testing.B) {
	plan, err := NewPlan(mostMetrics, 40, 0.03, 0.05)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(10, 10))
	var metrics [][]float64
	for range mostMetrics {
		metrics = append(metrics, normals(rng, 40))
	}
	for b.Loop() {
		plan.Judge(plan.Interims[4], metrics)
	}
}
