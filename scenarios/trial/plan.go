package trial

import (
	"fmt"
	"iter"
	"slices"

	"servebench/reports/record"
)

// round is one pass over the targets.
type round struct {
	number  int      // from 1, in the order they are played
	targets []string // in the order of their trials
}

// rounds returns the rounds of a plan, without end. Within a round the order of
// the targets is shuffled; every second round has the order of the one before it
// backwards, so that over a pair of rounds no target has the earlier places.
func rounds(targets []string, seed uint64) iter.Seq[round] {
	return func(yield func(round) bool) {
		rng := source(seed, seedTrials)
		order := slices.Clone(targets)
		for number := 1; ; number++ {
			if number%2 == 0 {
				slices.Reverse(order)
			} else {
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			if !yield(round{number: number, targets: slices.Clone(order)}) {
				return
			}
		}
	}
}

// trial is one deployment of the plan: a fresh server on a target, which all
// phases of the load are then played on, unless its start is all that is wanted.
type trial struct {
	target string
	// round is its round's number, which the due times and the order of the
	// requests follow from.
	round   int
	attempt int // how often it was played before
	// alone, from 1, counts the deployments for the cold start alone; 0 where
	// load is played.
	alone int
}

// id is what the record knows the trial by.
func (v trial) id() record.Trial {
	return record.Trial{Target: v.target, Round: v.round, Attempt: v.attempt}
}

// deployment is the trial's in the record, before anything is known of it.
func (v trial) deployment() record.Deployment {
	return record.Deployment{Round: v.round, Attempt: v.attempt, Alone: v.alone > 0, Stages: []record.Stage{}}
}

// again says that a trial was played before: "", " again", and then " again (2)".
func (v trial) again() string {
	switch v.attempt {
	case 0:
		return ""
	case 1:
		return " again"
	}
	return fmt.Sprintf(" again (%d)", v.attempt)
}

// String says which trial it is: "physical, round 2".
func (v trial) String() string {
	pass := fmt.Sprintf("round %d%s", v.round, v.again())
	if v.alone > 0 {
		pass = fmt.Sprintf("deployment %d for its start alone", v.alone)
	}
	if v.target == "" {
		return pass
	}
	return v.target + ", " + pass
}

// event is what a watcher is told of a trial.
func (v trial) event() Event {
	e := Event{Target: v.target, Round: v.round, Attempt: v.attempt}
	if v.alone > 0 {
		e.Round, e.Alone = v.alone, true
	}
	return e
}
