package attack

import (
	"iter"
	"time"

	"servebench/scenarios/schedule"
)

// arrivals hands out a schedule's due times one by one. It is one ahead of its
// reader, so that what a law has to compute before its first arrival, it
// computes before the load.
type arrivals struct {
	pull func() (time.Duration, bool)
	stop func()
	due  time.Duration
	ok   bool
}

func newArrivals(seq iter.Seq[time.Duration]) *arrivals {
	a := &arrivals{}
	a.pull, a.stop = schedule.Pull(seq)
	a.due, a.ok = a.pull()
	return a
}

// next returns the next due time; false at the end.
func (a *arrivals) next() (time.Duration, bool) {
	due, ok := a.due, a.ok
	if ok {
		a.due, a.ok = a.pull()
	}
	return due, ok
}
