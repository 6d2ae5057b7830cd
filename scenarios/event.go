package scenarios

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
	// Left estimates how long the run will still take.
	Left time.Duration
	// Load is how far the phase has come.
	Load attack.Progress
}

// clock estimates the time left: the schedules are known, the time that a
// visit takes beside them is learned from the visits so far.
type clock struct {
	visits   int           // still to come, the present one included
	load     time.Duration // schedule per visit
	played   time.Duration // of the present visit's schedule, phases that are over
	overhead time.Duration // sum over the visits that are over
	over     int           // visits that are over
}

// firstOverhead is what a visit is thought to take beside its schedule before
// the first one is over.
const firstOverhead = time.Second

func (c *clock) left(inPhase time.Duration) time.Duration {
	perVisit := firstOverhead
	if c.over > 0 {
		perVisit = c.overhead / time.Duration(c.over)
	}
	all := time.Duration(c.visits) * (c.load + perVisit)
	return max(0, all-c.played-inPhase)
}

// endVisit learns from a visit that took so long in all.
func (c *clock) endVisit(took time.Duration) {
	c.overhead += max(0, took-c.played)
	c.over++
	c.visits--
	c.played = 0
}
