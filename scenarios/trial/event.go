package trial

import (
	"time"

	"servebench/scenarios/attack"
)

// Event is something that a watcher of a run may want to show.
type Event struct {
	// Note is a line worth keeping: a target left out, a server that died. ""
	// in the events that only move the progress on.
	Note string
	// Target, Phase and Round say where the run is; Phase is "" while the
	// server is being deployed.
	Target, Phase string
	Round, Rounds int
	// Interim says, in an A/B test, which of so many Interims the rounds lead to, from 1; it is
	// after round InterimAt.
	Interim, Interims, InterimAt int
	// Attempt is how often the trial was played before: above 0, the load
	// generator was disturbed in it.
	Attempt int
	// Alone says that the server is deployed for its cold start alone; Round and
	// Rounds count those deployments then.
	Alone bool
	// Left estimates how long the run will still take.
	Left time.Duration
	// Load is how far the phase has come.
	Load attack.Progress
}

// clock estimates the time left: the schedules are known, the time that a
// trial takes beside them is learned from the trials so far.
type clock struct {
	trials   int           // with load, still to come, the present one included
	alone    int           // for a cold start alone, which come after the others
	load     time.Duration // schedule per trial
	played   time.Duration // of the present trial's schedule, phases that are over
	overhead time.Duration // sum over the trials that are over
	over     int           // trials that are over
}

// firstOverhead is what a trial is thought to take beside its schedule before
// the first one is over.
const firstOverhead = time.Second

func (c *clock) left(inPhase time.Duration) time.Duration {
	perTrial := firstOverhead
	if c.over > 0 {
		perTrial = c.overhead / time.Duration(c.over)
	}
	all := time.Duration(c.trials)*c.load + time.Duration(c.trials+c.alone)*perTrial
	return max(0, all-c.played-inPhase)
}

// endTrial learns from a trial that took so long in all.
func (c *clock) endTrial(took time.Duration) {
	c.overhead += max(0, took-c.played)
	c.over++
	c.played = 0
	if c.trials > 0 {
		c.trials--
	} else {
		c.alone--
	}
}
