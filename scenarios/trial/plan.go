package trial

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"servebench/reports/record"
	"servebench/scenarios"
)

// round is one pass over the targets.
type round struct {
	number  int      // from 1, in the order they are played
	targets []string // in the order of their trials
}

// planRounds returns what draws the rounds of a plan, one after the other without end.
// Within a round the order of the targets is shuffled; every second round has the order
// of the one before it backwards, so that over a pair of rounds no target has the
// earlier places.
func planRounds(targets []string, seed uint64) (next func() round) {
	rng := source(seed, seedTrials)
	order, number := slices.Clone(targets), 0
	return func() round {
		if number++; number%2 == 0 {
			slices.Reverse(order)
		} else {
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		return round{number: number, targets: slices.Clone(order)}
	}
}

// phaseOrder returns the phases in the order they are played in a round. The paired ones
// change places in every second round: what the one that comes later owes to the one
// before it, a warmer server say, shall not count for the model.
func phaseOrder(sc *scenarios.Scenario, round int) []int {
	order := make([]int, len(sc.Load))
	for i := range order {
		order[i] = i
	}
	if sc.Overhead != nil && round%2 == 0 {
		noop, model := sc.PhaseNamed(sc.Overhead.Noop), sc.PhaseNamed(sc.Overhead.Model)
		order[noop], order[model] = model, noop
	}
	return order
}

// drawnAs returns the phase by whose number the due times and the order of
// requests of the i-th phase are drawn: its own, or that of the phase it is
// paired with.
func drawnAs(sc *scenarios.Scenario, i int) int {
	if sc.Overhead != nil && sc.Load[i].Name == sc.Overhead.Noop {
		return sc.PhaseNamed(sc.Overhead.Model)
	}
	return i
}

// trial is one deployment of the plan: a fresh server on a target, which all
// phases of the load are then played on, unless its start is all that is wanted. Its
// Round is what the due times and the order of the requests follow from.
type trial struct {
	record.Trial
	// alone, from 1, counts the deployments for the cold start alone; 0 where
	// load is played.
	alone int
}

// deployment is the trial's in the record, before anything is known of it.
func (t trial) deployment() record.Deployment {
	return record.Deployment{Round: t.Round, Attempt: t.Attempt, Alone: t.alone > 0, Stages: []record.Stage{}}
}

// again says that a trial was played before: "", " again", and then " again (2)".
func (t trial) again() string {
	switch t.Attempt {
	case 0:
		return ""
	case 1:
		return " again"
	}
	return fmt.Sprintf(" again (%d)", t.Attempt)
}

// String says which trial it is: "physical, round 2".
func (t trial) String() string {
	pass := fmt.Sprintf("round %d%s", t.Round, t.again())
	if t.alone > 0 {
		pass = fmt.Sprintf("deployment %d for its start alone", t.alone)
	}
	if t.Target == "" {
		return pass
	}
	return t.Target + ", " + pass
}

// where says how far in the plan a trial is: "physical in round 2 of 5".
func (s *session) where(t trial) string {
	if t.alone > 0 {
		return fmt.Sprintf("%s in deployment %d of %d", t.Target, t.alone, s.scenario.ColdStarts)
	}
	return fmt.Sprintf("%s in round %d of %d%s", t.Target, t.Round, s.rounds, t.again())
}

// The purposes that the scenario's one seed is split up for. Each gets a source
// of its own, so that a change to one (more data, another arrival process) leaves the
// others as they were.
const (
	seedData     = "data"     // the corpora; the same for every class and in every round
	seedTrials   = "visits"   // the order of the targets within the rounds; another word would change every order drawn
	seedSchedule = "schedule" // due times; by round and phase (drawnAs), the same for every target
	seedThink    = "think"    // think times; as due times
	seedOrder    = "order"    // which request is sent k-th; by round and phase (drawnAs), the same for every target
)

// source returns the random source for a purpose and the numbers that distinguish its
// uses. The same arguments give the same source, on every machine.
func source(seed uint64, purpose string, numbers ...int) *rand.Rand {
	return rand.New(rand.NewChaCha8(seedKey(seed, purpose, numbers)))
}

// subseed returns a single number derived in the same way.
func subseed(seed uint64, purpose string, numbers ...int) uint64 {
	key := seedKey(seed, purpose, numbers)
	return binary.LittleEndian.Uint64(key[:])
}

func seedKey(seed uint64, purpose string, numbers []int) [32]byte {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	text = append(text, purpose...)
	for _, n := range numbers {
		text = binary.LittleEndian.AppendUint64(append(text, 0), uint64(n))
	}
	return sha256.Sum256(text)
}
