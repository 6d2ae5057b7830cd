package attack

import (
	"iter"
	"time"

	"servebench/scenarios/arrivals"
)

// dueTimes hands out a schedule's due times one by one. It is one ahead of its
// reader, so that what an arrival process has to compute before its first arrival, it
// computes before the load.
type dueTimes struct {
	pull func() (time.Duration, bool)
	stop func()
	due  time.Duration
	ok   bool
}

func newDueTimes(seq iter.Seq[time.Duration], p part) *dueTimes {
	a := &dueTimes{}
	a.pull, a.stop = arrivals.Pull(p.every(seq))
	a.due, a.ok = a.pull()
	return a
}

// every returns the part of a schedule.
func (p part) every(seq iter.Seq[time.Duration]) iter.Seq[time.Duration] {
	if p.of == 1 {
		return seq
	}
	return func(yield func(time.Duration) bool) {
		k := 0
		for due := range seq {
			if k%p.of == p.index && !yield(due) {
				return
			}
			k++
		}
	}
}

// next returns the next due time; false at the end.
func (a *dueTimes) next() (time.Duration, bool) {
	due, ok := a.due, a.ok
	if ok {
		a.due, a.ok = a.pull()
	}
	return due, ok
}
