package scenarios

import "time"

// maxAttackers is more than a machine has use for.
const maxAttackers = 64

// abortRow is the key that ends a phase early; a scenario without it is written
// without it.
func abortRow() row[Scenario] {
	conditions := leftOut(pointed(mappings("conditions such as {errors: 10%, for: 5s}", abortRows())), isNoPointer)
	return may("abort_on", conditions, none, func(s *Scenario) **Abort { return &s.AbortOn },
		"The conditions that end a phase before its time, warm-ups too, any one of which is enough. The phases after it are left out in that trial; other trials go on, and the reports say so.")
}

func abortRows() []row[Abort] {
	return []row[Abort]{
		may("errors", orNil(fractions()), none, func(a *Abort) **float64 { return &a.Errors },
			"More than this fraction of the requests that were due in the time of for have failed."),
		may("p99", orNone(durations()), none, func(a *Abort) *time.Duration { return &a.P99 },
			"More than 1% of the requests that were due in the time of for took longer than this, from the moment each was due, those included that still wait for their answer."),
		may("in_flight", orNone(wholes[int](1, maxConcurrency)), none, func(a *Abort) *int { return &a.InFlight },
			"More requests than this are in flight at once."),
		may("for", durations(), "5s", func(a *Abort) *time.Duration { return &a.For },
			"How much of the time before is looked at, again and again while the load goes on; at least 1s."),
	}
}
