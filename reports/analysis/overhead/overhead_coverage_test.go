package overhead

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

// overheadWorld is where simulated rounds of two phases on two targets come from. In
// a round, a target's start shifts both of its phases alike and each phase a
// little more by itself, on the logarithmic scale.
type overheadWorld struct{ target, phase, spread float64 }

// median latencies in nanoseconds.
const (
	overheadMedian, wholeMedian         = 600e3, 1000e3
	baseOverheadMedian, baseWholeMedian = 300e3, 700e3
)

// sampled draws one split sample of so many rounds.
func (w overheadWorld) sampled(rng *rand.Rand, rounds int) splitSample {
	var all [4][][]stat.Tally
	for range rounds {
		own, base := w.target*rng.NormFloat64(), w.target*rng.NormFloat64()
		for i, median := range []float64{overheadMedian, wholeMedian, baseOverheadMedian, baseWholeMedian} {
			shift := []float64{own, own, base, base}[i] + w.phase*rng.NormFloat64()
			t := make(stat.Tally, 2000)
			for k := range t {
				us := int64(median / 1000 * math.Exp(shift+w.spread*rng.NormFloat64()))
				t[k].Value, t[k].Count = 1000*us+999, 1
			}
			all[i] = append(all[i], []stat.Tally{stat.Merge([]stat.Tally{t})})
		}
	}
	return splitSample{stat.NewSample(all[0]), stat.NewSample(all[1]), stat.NewSample(all[2]), stat.NewSample(all[3])}
}

// truth is the split of all rounds there could be.
func (w overheadWorld) truth(q float64) split {
	normal := map[float64]float64{0.5: 0, 0.99: 2.3263478740408408}[q]
	tail := math.Exp(normal * math.Sqrt(w.target*w.target+w.phase*w.phase+w.spread*w.spread))
	return split{overheadMedian * tail, (wholeMedian - overheadMedian) * tail,
		baseOverheadMedian * tail, (baseWholeMedian - baseOverheadMedian) * tail}
}

// TestOverheadCoverage simulates how often the intervals of a split hold the truth.
// The floors say what is promised.
func TestOverheadCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 80 runs; not with -short")
	}
	if raceDetector {
		t.Skip("takes minutes under the race detector, which finds nothing in one goroutine: run it without -race")
	}
	const trials = 40
	w := overheadWorld{target: 0.05, phase: 0.02, spread: 0.4}
	for _, tt := range []struct {
		rounds int
		floor  float64
	}{{4, 0.75}, {8, 0.85}} {
		t.Run(fmt.Sprint(tt.rounds, " rounds"), func(t *testing.T) { w.cover(t, tt.rounds, trials, tt.floor) })
	}
}

func (w overheadWorld) cover(t *testing.T, rounds, trials int, floor float64) {
	held := map[string]int{}
	for trial := range trials {
		s := w.sampled(rand.New(rand.NewPCG(uint64(trial), 11)), rounds)
		for _, q := range []float64{0.5, 0.99} {
			row, truth := Row{Q: q, Rounds: rounds, Known: true}, w.truth(q)
			s.fill(&row, false, uint64(trial))
			name := format.Quantile(q)
			within := func(what string, low, value, high float64) {
				if low <= value && value <= high {
					held[what+" "+name]++
				}
			}
			within("overhead", float64(row.Overhead.Low), truth.overhead, float64(row.Overhead.High))
			within("model", float64(row.Model.Low), truth.model, float64(row.Model.High))
			within("ratio", row.Overhead.RatioLow, truth.overhead/truth.baseOverhead, row.Overhead.RatioHigh)
			within("model ratio", row.Model.RatioLow, truth.model/truth.baseModel, row.Model.RatioHigh)
		}
	}
	for _, what := range []string{"overhead p50", "model p50", "ratio p50", "model ratio p50", "overhead p99", "model p99", "ratio p99"} {
		cover := float64(held[what]) / float64(trials)
		t.Logf("%s: %.1f %%", what, 100*cover)
		if cover < floor {
			t.Errorf("%s: coverage %.3f, want at least %.2f", what, cover, floor)
		}
	}
}
