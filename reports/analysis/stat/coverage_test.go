package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// world is where simulated rounds come from: logarithms of latencies are normal
// with a deviation of 0.5, correlated from one request to the next, with a
// shift of each round.
type world struct {
	correlation float64 // of a request with the next
	drift       float64 // standard deviation of a round's shift
}

// round draws ten blocks of 200 requests.
func (w world) round(rng *rand.Rand) []Tally {
	shift, x := w.drift*rng.NormFloat64(), rng.NormFloat64()
	noise := math.Sqrt(1 - w.correlation*w.correlation)
	blocks := make([]Tally, 10)
	for b := range blocks {
		var t Tally
		for range 200 {
			x = w.correlation*x + noise*rng.NormFloat64()
			us := int64(1000 * math.Exp(0.5*x+shift))
			t = append(t, bucket{1000*us + 999, 1})
		}
		blocks[b] = Merge([]Tally{t})
	}
	return blocks
}

// truth is the quantile of all requests of all rounds there could be: the
// logarithm of their latency is normal too.
func (w world) truth(q float64) float64 {
	normal := map[float64]float64{0.5: 0, 0.9: 1.2815515655446004, 0.99: 2.3263478740408408}
	return 1e6 * math.Exp(normal[q]*math.Sqrt(0.25+w.drift*w.drift))
}

// TestCoverage simulates how often an interval holds the true quantile, and how
// wide it is. The floors say what is promised, not what is wished for: a single
// round cannot reach 95 %.
func TestCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 720 runs; not with -short")
	}
	if raceDetector {
		t.Skip("takes minutes under the race detector, which finds nothing in one goroutine: run it without -race")
	}
	qs := []float64{0.5, 0.9, 0.99}
	const trials = 120
	for _, tt := range []struct {
		name   string
		world  world
		rounds int
		floor  []float64 // of the coverage, by quantile
		// widest is the median width that is allowed for, relative to the
		// truth; nil: any. An interval without bounds would always hold it.
		widest []float64
	}{
		{"independent, 3 rounds", world{}, 3, []float64{0.91, 0.91, 0.91}, []float64{0.045, 0.06, 0.14}},
		{"correlated, 3 rounds", world{correlation: 0.95}, 3, []float64{0.91, 0.91, 0.86}, nil},
		{"correlated, 5 rounds", world{correlation: 0.95}, 5, []float64{0.91, 0.91, 0.86}, nil},
		{"rounds differ by 2 %, 3 rounds", world{drift: 0.02}, 3, []float64{0.85, 0.85, 0.91}, nil},
		{"rounds differ by 10 %, 3 rounds", world{drift: 0.1}, 3, []float64{0.88, 0.88, 0.85}, nil},
		{"independent, 1 round", world{}, 1, []float64{0.82, 0.82, 0.80}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			held := make([]int, len(qs))
			widths := make([][]float64, len(qs))
			for trial := range trials {
				rng := rand.New(rand.NewPCG(uint64(trial), 7))
				var rounds [][]Tally
				for range tt.rounds {
					rounds = append(rounds, tt.world.round(rng))
				}
				for i, b := range NewSample(rounds).Intervals(qs, uint64(trial)) {
					truth := tt.world.truth(qs[i])
					if float64(b.Low) <= truth && truth <= float64(b.High) {
						held[i]++
					}
					widths[i] = append(widths[i], float64(b.High-b.Low)/truth)
				}
			}
			for i, q := range qs {
				cover := float64(held[i]) / trials
				slices.Sort(widths[i])
				t.Logf("p%v: %.1f %% hold the truth, median width %.3f of it", 100*q, 100*cover, widths[i][trials/2])
				if cover < tt.floor[i] {
					t.Errorf("p%v: coverage %.3f, want at least %.2f", 100*q, cover, tt.floor[i])
				}
				if tt.widest != nil && widths[i][trials/2] > tt.widest[i] {
					t.Errorf("p%v: median width %.3f, want at most %.3f", 100*q, widths[i][trials/2], tt.widest[i])
				}
			}
		})
	}
}
