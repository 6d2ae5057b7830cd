package attack

import (
	"runtime/debug"
	"time"
)

// usage is what this process has spent on itself so far.
type usage struct {
	cpu    time.Duration
	pauses time.Duration // garbage collection stopping the world
	cycles int64
}

func usageNow() usage {
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	return usage{cpu: processCPU(), pauses: gc.PauseTotal, cycles: gc.NumGC}
}

// moment is a reading of the process's usage at a point in time.
type moment struct {
	time  time.Time
	usage usage
}

func now() moment { return moment{time.Now(), usageNow()} }

// until returns what was spent up to a later moment, and how long that was.
func (m moment) until(later moment) (usage, time.Duration) {
	return later.usage.since(m.usage), later.time.Sub(m.time)
}

// since returns what was spent after an earlier reading.
func (u usage) since(earlier usage) usage {
	return usage{cpu: u.cpu - earlier.cpu, pauses: u.pauses - earlier.pauses, cycles: u.cycles - earlier.cycles}
}
