package stat

import (
	"math/rand/v2"
	"testing"
)

// perRound and perBlock are the requests of a simulated round, and of its five seconds.
const perRound, perBlock = 1000, 200

// fate says which requests of a round fail.
type fate func(rng *rand.Rand) []bool

// hiccups fail a run of requests each, of which a round has so many on average, beside a
// share that fail independently.
func hiccups(perRoundOnAverage float64, length int, alone float64) fate {
	return func(rng *rand.Rand) []bool {
		failed := make([]bool, perRound)
		for i := range failed {
			failed[i] = rng.Float64() < alone
		}
		for at := rng.ExpFloat64(); at < perRoundOnAverage; at += rng.ExpFloat64() {
			from := rng.IntN(perRound)
			for i := range length {
				failed[(from+i)%perRound] = true
			}
		}
		return failed
	}
}

// rounds draws some.
func (f fate) rounds(rng *rand.Rand, n int) [][]Counts {
	var all [][]Counts
	for range n {
		var blocks []Counts
		failed := f(rng)
		for from := 0; from < perRound; from += perBlock {
			t := Counts{N: perBlock}
			for _, is := range failed[from : from+perBlock] {
				if is {
					t.K++
				}
			}
			blocks = append(blocks, t)
		}
		all = append(all, blocks)
	}
	return all
}

// TestShareCoverage simulates how often the interval of a share misses the truth. A gate
// whose limit is the truth FAILs as often as the whole interval lies above it, and PASSes
// as often as it lies below. That failures of which some rounds have none are not seen in
// few rounds is no fault of the interval: RoundsLine says so beside the verdict. So the
// PASSes are bounded only where nearly every run has some.
func TestShareCoverage(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("simulates 60,000 runs; not with -short, nor under the race detector, which finds nothing in one goroutine")
	}
	const simulated = 1000
	for _, tt := range []struct {
		name   string
		fate   fate
		truth  float64
		rounds []int
		// The largest shares of false FAILs and PASSes, with three standard deviations
		// of chance; 1: any.
		fail, pass float64
	}{
		{"independent, 1 %", hiccups(0, 0, 0.01), 0.01, []int{1, 2, 3, 5, 10, 20}, 0.04, 0.04},
		{"independent, 0.1 %", hiccups(0, 0, 0.001), 0.001, []int{1, 2, 3, 5, 10, 20}, 0.04, 0.04},
		{"three at a time, 1 %", hiccups(10.0/3, 3, 0), 0.00996, []int{1, 2, 3, 5, 10, 20}, 0.07, 0.07},
		{"ten at a time, 1 %", hiccups(1, 10, 0), 0.00996, []int{5, 10, 20}, 0.04, 0.04},
		{"hundred at a time, twice a round", hiccups(2, 100, 0), 0.1811, []int{2, 3, 5, 10, 20}, 0.04, 0.09},
		{"rounds from 0.5 to 1.5 %", func(rng *rand.Rand) []bool { return hiccups(0, 0, 0.005+0.01*rng.Float64())(rng) },
			0.01, []int{1, 2, 3, 5, 10, 20}, 0.09, 0.09},
		{"rounds as different as their mean", func(rng *rand.Rand) []bool { return hiccups(0, 0, 0.01*rng.ExpFloat64())(rng) },
			0.01, []int{2, 3, 5, 10, 20}, 0.09, 1},
		{"fifty at a time, in one round of five", hiccups(0.2, 50, 0), 0.00995, []int{1, 2, 3, 5, 10, 20}, 0.04, 1},
		{"one round of ten fails a tenth", func(rng *rand.Rand) []bool {
			if rng.IntN(10) == 0 {
				return hiccups(0, 0, 0.1)(rng)
			}
			return hiccups(0, 0, 0)(rng)
		}, 0.01, []int{2, 3, 5, 10, 20}, 0.04, 1},
	} {
		for _, n := range tt.rounds {
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			var fails, passes, pooledFails, pooledPasses float64
			for range simulated {
				rounds := tt.fate.rounds(rng, n)
				p := Clustered(rounds)
				fails, passes = fails+above(p, tt.truth), passes+below(p, tt.truth)
				pooled := NewProportion(p.K, p.N)
				pooledFails, pooledPasses = pooledFails+above(pooled, tt.truth), pooledPasses+below(pooled, tt.truth)
			}
			t.Logf("%-37s %2d rounds: false FAIL %4.1f %%, false PASS %4.1f %%; requests pooled: %4.1f %%, %4.1f %%",
				tt.name, n, 100*fails/simulated, 100*passes/simulated, 100*pooledFails/simulated, 100*pooledPasses/simulated)
			if fails > tt.fail*simulated || passes > tt.pass*simulated {
				t.Errorf("%s, %d rounds: more false verdicts than %v and %v", tt.name, n, tt.fail, tt.pass)
			}
		}
	}
}

func above(p Proportion, truth float64) float64 {
	if p.Low > truth {
		return 1
	}
	return 0
}

func below(p Proportion, truth float64) float64 {
	if p.High < truth {
		return 1
	}
	return 0
}

// TestClustersAreWorthLess: the more requests fail together, the fewer independent ones
// they tell as much as.
func TestClustersAreWorthLess(t *testing.T) {
	round := func(k ...int64) []Counts {
		var blocks []Counts
		for _, each := range k {
			blocks = append(blocks, Counts{each, perBlock})
		}
		return blocks
	}
	whole := func(p Proportion) bool { return p.Effective == float64(p.N) }
	even := Clustered([][]Counts{round(4, 5, 3, 4, 4), round(5, 4, 4, 3, 4), round(4, 4, 4, 4, 4)})
	if !whole(even) || even != NewProportion(even.K, even.N) {
		t.Errorf("even: %+v", even)
	}
	if none := Clustered([][]Counts{round(0, 0, 0, 0, 0), round(0, 0, 0, 0, 0)}); !whole(none) || none.High > 0.002 {
		t.Errorf("no failure: %+v", none)
	}
	oneSecond := Clustered([][]Counts{round(4, 0, 0, 0, 96), round(0, 4, 96, 0, 0), round(96, 2, 2, 0, 0)})
	oneRound := Clustered([][]Counts{round(0, 0, 0, 0, 0), round(20, 20, 20, 20, 20), round(0, 0, 0, 0, 0)})
	alone := Clustered([][]Counts{round(0, 0, 100, 0, 0)})
	for name, p := range map[string]Proportion{"of a second": oneSecond, "of a round": oneRound, "of a second in a single round": alone} {
		if p.Effective > 0.02*float64(p.N) || p.Low > 0.03 || p.High < 0.15 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
