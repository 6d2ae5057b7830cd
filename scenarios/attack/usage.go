package attack

import (
	"runtime/debug"
	"time"
)

// usage is what this process has spent on itself so far, and what kept it from its
// work.
type usage struct {
	cpu        time.Duration
	pauses     time.Duration // garbage collection stopping the world
	cycles     int64
	sched      latencies
	pauseTimes latencies
}

func usageNow() usage {
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	u := usage{cpu: processCPU(), pauses: gc.PauseTotal, cycles: gc.NumGC}
	u.sched, u.pauseTimes = readLatencies()
	return u
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
	return usage{
		cpu:        u.cpu - earlier.cpu,
		pauses:     u.pauses - earlier.pauses,
		cycles:     u.cycles - earlier.cycles,
		sched:      u.sched.since(earlier.sched),
		pauseTimes: u.pauseTimes.since(earlier.pauseTimes),
	}
}

// gcPercent is the runtime's GOGC while a load is sent. At its default of 100 the
// collections come twice as often, and each makes requests late; well above 200
// each takes longer, since what it has to sweep grows with what was allocated
// since the last one. It changes nothing about the CPU a request costs.
const gcPercent = 200

// collectSeldom sets gcPercent, unless somebody asked for fewer collections still.
func collectSeldom() (restore func()) {
	before := debug.SetGCPercent(gcPercent)
	if before < 0 || before > gcPercent {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}
