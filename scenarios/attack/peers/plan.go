package main

import (
	"math/rand/v2"
	"slices"
)

// step is one trial to be made.
type step struct {
	round int // from 1
	tool  tool
	load  load
}

// plan orders the trials: round by round, load by load, and under each load the
// tools in an order of its own, so that those to be compared follow each other and
// none is always the first. The same seed gives the same plan.
func plan(o *options, present map[string]program) []step {
	order := rand.New(rand.NewPCG(o.seed, 0))
	var steps []step
	for round := 1; round <= o.rounds; round++ {
		for _, kind := range loadKinds() {
			if !slices.Contains(o.loads, kind) || kind == stalled && round > 1 {
				continue
			}
			for _, l := range loads(kind, o.duration) {
				steps = append(steps, turns(order, o, present, l, round)...)
			}
		}
	}
	return steps
}

// turns are the trials of one load in one round.
func turns(order *rand.Rand, o *options, present map[string]program, l load, round int) []step {
	var steps []step
	for _, t := range tools() {
		_, found := present[t.name]
		if found && slices.Contains(o.tools, t.name) && t.can(l) {
			steps = append(steps, step{round: round, tool: t, load: l})
		}
	}
	order.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	return steps
}
