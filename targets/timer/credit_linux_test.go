package timer

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestCreditKeepsTheShare polls for as long as it may before every wait, at many
// rates, and adds it up.
func TestCreditKeepsTheShare(t *testing.T) {
	for _, gap := range []time.Duration{20 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, time.Second} {
		c := newCredit()
		c.wakes = 50 * time.Microsecond
		var polled time.Duration
		start := time.Now()
		const waits = 10_000
		for k := range waits {
			c.grow(start.Add(time.Duration(k) * gap))
			polled += c.ahead()
			c.left -= c.ahead()
		}
		passed := waits * gap
		most := min(time.Duration(pollShare*float64(passed))+pollSaved, waits*c.wakes)
		if polled > most || polled < most*9/10 {
			t.Errorf("gaps of %v: polled %v of %v, want nearly %v", gap, polled, passed, most)
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
