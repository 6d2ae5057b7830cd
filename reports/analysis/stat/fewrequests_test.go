package stat

import (
	"math/rand/v2"
	"testing"
)

// roundOf draws blocks of so many requests each.
func (w world) roundOf(rng *rand.Rand, blocks, requests int) []Tally {
	round := w.round(rng)[:blocks]
	for b, t := range round {
		var few []int64
		for _, v := range t {
			for range v.Count {
				few = append(few, v.Value)
			}
		}
		rng.Shuffle(len(few), func(i, j int) { few[i], few[j] = few[j], few[i] })
		var kept Tally
		for _, v := range few[:requests] {
			kept = append(kept, bucket{v, 1})
		}
		round[b] = Merge([]Tally{kept})
	}
	return round
}

// TestFewRequestsPassNothing simulates how often so few requests that their p99 is not
// known pass the limit that it truly is, which a 95 % interval does in 2.5 % of runs.
func TestFewRequestsPassNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 10,500 runs; not with -short")
	}
	if raceDetector {
		t.Skip("takes minutes under the race detector, which finds nothing in one goroutine: run it without -race")
	}
	const trials = 1500
	for _, tt := range []struct {
		name                     string
		world                    world
		rounds, blocks, requests int
	}{
		{"independent, 1 round", world{}, 1, 10, 60},
		{"independent, 5 rounds", world{}, 5, 2, 60},
		{"independent, 5 rounds of 370 in all", world{}, 5, 2, 37},
		{"correlated, 1 round", world{correlation: 0.95}, 1, 10, 60},
		{"correlated, 5 rounds", world{correlation: 0.95}, 5, 2, 60},
		{"rounds differ by 10 %, 5 rounds", world{drift: 0.1}, 5, 2, 60},
		{"rounds differ by 30 %, 5 rounds", world{drift: 0.3}, 5, 2, 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			passed, limit := 0, int64(tt.world.truth(0.99))
			for trial := range trials {
				rng := rand.New(rand.NewPCG(uint64(trial), 11))
				var rounds [][]Tally
				for range tt.rounds {
					rounds = append(rounds, tt.world.roundOf(rng, tt.blocks, tt.requests))
				}
				if NewSample(rounds).OverAtMost(limit, 0.99).High <= 0.01 {
					passed++
				}
			}
			share := NewProportion(int64(passed), trials)
			t.Logf("%.2f %% pass", 100*share.Value)
			if share.Low > Unlikely {
				t.Errorf("%.3f pass, want at most %v", share.Value, Unlikely)
			}
		})
	}
}
