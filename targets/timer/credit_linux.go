package timer

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// mostBusy is the most of its processors that the process may be busy for a wait
	// to poll. All of them would be too much: the kernel stops processes with
	// real-time priority for the rest of each second when they take 95 % of one (see
	// sched(7), sched_rt_runtime_us), which makes what is due then 50 ms late.
	mostBusy = 0.9
	// pollSaved is how much unused polling time may be saved up, for waits that come
	// in clusters, and how much may be owed.
	pollSaved = time.Millisecond
	// growsEvery is how often the processor time of the process is looked at.
	growsEvery = time.Millisecond
	// short is a wait that is polled for from its beginning: to set the kernel's timer,
	// to let the processor fall idle and to be woken costs as much as to poll that
	// long, and is later.
	short = 100 * time.Microsecond

	// How long before its time a wait stops sleeping is learnt, between these: 20 µs
	// are enough where processors are kept awake, and 80 µs are not in a virtual
	// machine whose processors sleep deeply.
	leastAhead, mostAhead = 20 * time.Microsecond, 200 * time.Microsecond
	// Waking too late moves it up, waking in time moves it down, and it settles where
	// one of twenty wakes is too late.
	aheadUp, aheadDown = 19 * time.Microsecond / 2, time.Microsecond / 2
)

// credit decides how long before its time a wait stops sleeping and polls.
type credit struct {
	left  time.Duration        // polling that may be spent
	at    time.Time            // when it grew last
	cpu   time.Duration        // that the process had spent by then
	spent time.Duration        // of left since then
	wakes time.Duration        // what the kernel takes to wake the thread, nearly always
	used  func() time.Duration // processor time of the process
	procs float64
}

func newCredit() credit {
	return credit{left: pollSaved, wakes: 2 * leastAhead, used: processTime, procs: float64(runtime.GOMAXPROCS(0))}
}

// processTime is the processor time that the process has spent.
func processTime() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) // has no way to fail
	return time.Duration(t.Nano())
}

// grow brings the credit up to now: what the process left of mostBusy since it grew
// last is added to it. The polling of that time is in what the process spent.
func (c *credit) grow(now time.Time) {
	passed := now.Sub(c.at)
	if passed < growsEvery {
		return
	}
	cpu := c.used()
	if !c.at.IsZero() {
		free := time.Duration(mostBusy*c.procs*float64(passed)) - (cpu - c.cpu)
		c.left = min(max(c.left+c.spent+free, -pollSaved), pollSaved)
	}
	c.at, c.cpu, c.spent = now, cpu, 0
}

// ahead returns how long before its time a wait of so long shall stop sleeping.
func (c *credit) ahead(wait time.Duration) time.Duration {
	if wait <= short && wait <= c.left {
		return wait
	}
	return max(0, min(c.wakes, c.left))
}

// spend takes what a wait is about to poll.
func (c *credit) spend(polling time.Duration) {
	c.left -= polling
	c.spent += polling
}

// woke learns how long after its alarm a sleep ended.
func (c *credit) woke(late time.Duration) {
	if late > c.wakes {
		c.wakes = min(c.wakes+aheadUp, mostAhead)
	} else {
		c.wakes = max(c.wakes-aheadDown, leastAhead)
	}
}
