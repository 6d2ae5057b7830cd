package timer

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestCreditKeepsTheShare has a process that works for a part of every gap wait for
// the rest, polling as long as it may, and adds up how busy it was.
func TestCreditKeepsTheShare(t *testing.T) {
	for _, tc := range []struct {
		gap, work time.Duration
		polls     float64 // share of the time
	}{
		{gap: time.Second, polls: 0}, // a moment before each
		{gap: 200 * time.Microsecond, work: 40 * time.Microsecond, polls: 0.25}, // what a wake takes
		{gap: 100 * time.Microsecond, work: 60 * time.Microsecond, polls: mostBusy - 0.6},
		{gap: 100 * time.Microsecond, work: 20 * time.Microsecond, polls: mostBusy - 0.2},
		{gap: 20 * time.Microsecond, work: 19 * time.Microsecond, polls: 0}, // too busy already
	} {
		var now time.Time
		var cpu, polled time.Duration
		c := newCredit()
		c.procs, c.wakes = 1, 50*time.Microsecond
		c.used = func() time.Duration { return cpu }
		const waits = 100_000
		for range waits {
			now = now.Add(tc.gap)
			cpu += tc.work
			c.grow(now)
			wait := tc.gap - tc.work
			ahead := min(c.ahead(wait), wait)
			c.spend(ahead)
			cpu, polled = cpu+ahead, polled+ahead
		}
		passed := waits * tc.gap
		if share := float64(polled) / float64(passed); share < tc.polls-0.02 || share > tc.polls+0.02 {
			t.Errorf("gaps of %v with %v of work: polled for %.3f of the time, want %.3f", tc.gap, tc.work, share, tc.polls)
		}
		if busy := float64(cpu) / float64(passed); busy > max(mostBusy, float64(tc.work)/float64(tc.gap))+0.01 {
			t.Errorf("gaps of %v with %v of work: busy for %.3f of the time, want at most %v", tc.gap, tc.work, busy, mostBusy)
		}
	}
}

// TestCreditLearnsTheWakes draws what wakes take and expects about a twentieth of
// them to take longer than what was learnt.
func TestCreditLearnsTheWakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	c := newCredit()
	late := 0
	const wakes = 10_000
	for k := range 2 * wakes {
		took := 60*time.Microsecond + time.Duration(rng.ExpFloat64()*float64(10*time.Microsecond))
		if k >= wakes && took > c.wakes {
			late++
		}
		c.woke(took)
	}
	if late < wakes/40 || late > wakes/10 {
		t.Errorf("%d of %d wakes took longer than was learnt, want about a twentieth", late, wakes)
	}
}
