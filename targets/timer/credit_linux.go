package timer

import "time"

const (
	// pollShare is the most of a processor that polling may take. At many waits per
	// second all of it would go into polling, and the generator would look, and be,
	// too busy to be believed; but then it sleeps so shortly that it wakes faster.
	pollShare = 0.25
	// pollSaved is how much unused polling time may be saved up, for waits that come
	// in clusters.
	pollSaved = 400 * time.Microsecond

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
	left  time.Duration // polling that may be spent; grows by pollShare of the time
	at    time.Time     // when it grew last
	wakes time.Duration // what the kernel takes to wake the thread, nearly always
}

func newCredit() credit { return credit{left: pollSaved, wakes: 2 * leastAhead} }

// grow brings the credit up to now.
func (c *credit) grow(now time.Time) {
	if !c.at.IsZero() {
		c.left = min(c.left+time.Duration(pollShare*float64(now.Sub(c.at))), pollSaved)
	}
	c.at = now
}

// ahead returns how long before its time the next wait shall stop sleeping.
func (c *credit) ahead() time.Duration { return max(0, min(c.wakes, c.left)) }

// woke learns how long after its alarm a sleep ended.
func (c *credit) woke(late time.Duration) {
	if late > c.wakes {
		c.wakes = min(c.wakes+aheadUp, mostAhead)
	} else {
		c.wakes = max(c.wakes-aheadDown, leastAhead)
	}
}
