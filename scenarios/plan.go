package scenarios

import (
	"fmt"
	"iter"
	"slices"
)

// round is one pass over the targets.
type round struct {
	number int // from 1, in the order they are played
	// schedule is the round whose due times and order of requests it plays: its
	// own, or that of the round it is played for again.
	schedule int
	// alone, from 1, counts the rounds in which the targets are deployed for
	// their cold starts alone; 0 in a round of load.
	alone   int
	targets []string
}

// rounds returns the rounds of a plan, without end. Within a round the order of
// the targets is shuffled; every second round has the order of the one before it
// backwards, so that over a pair of rounds no target has the earlier places.
func rounds(targets []string, seed uint64) iter.Seq[round] {
	return func(yield func(round) bool) {
		rng := source(seed, seedVisits)
		order := slices.Clone(targets)
		for number := 1; ; number++ {
			if number%2 == 0 {
				slices.Reverse(order)
			} else {
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			if !yield(round{number: number, schedule: number, targets: slices.Clone(order)}) {
				return
			}
		}
	}
}

// visit is one deployment of the plan: a fresh server on a target, which all
// phases of the load are then played on, unless its start is all that is wanted.
type visit struct {
	round    int // its number
	schedule int
	alone    int // as of the round
	target   string
}

// String says which visit it is: "physical, round 2".
func (v visit) String() string {
	pass := fmt.Sprintf("round %d", v.round)
	if v.alone > 0 {
		pass = fmt.Sprintf("deployment %d for its start alone", v.alone)
	}
	if v.target == "" {
		return pass
	}
	return v.target + ", " + pass
}

// event is what a watcher is told of a visit.
func (v visit) event() Event {
	e := Event{Target: v.target, Round: v.round}
	if v.alone > 0 {
		e.Round, e.Alone = v.alone, true
	}
	return e
}
