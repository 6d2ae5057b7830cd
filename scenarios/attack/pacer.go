package attack

import (
	"runtime"
	"sync/atomic"
	"time"
)

// lead is the time between the start of the engine and the due time's zero, in
// which workers and runtime settle.
const lead = 20 * time.Millisecond

// pacer is vegeta's Pacer over our schedule. vegeta asks it once per request, in
// order, from one goroutine; it answers when the request is due. It waits itself
// instead of returning the wait, because vegeta's time.Sleep is up to a
// millisecond late, and never returns early.
type pacer struct {
	next      func() (due time.Duration, ok bool)
	flights   *flights
	zero      time.Time
	wait      func(until time.Time)
	stopped   *atomic.Bool
	exhausted chan struct{} // receives when every arrival was handed out
}

// Pace waits for the next arrival. Nothing late is dropped: an arrival in the
// past is handed out at once.
func (p *pacer) Pace(time.Duration, uint64) (time.Duration, bool) {
	if p.stopped.Load() {
		return 0, true
	}
	due, ok := p.next()
	if !ok {
		p.exhausted <- struct{}{}
		return 0, true
	}
	p.flights.begin(due)
	// The worker that got the last tick shall stamp and send before this
	// goroutine goes on: it may be the only processor.
	runtime.Gosched()
	p.wait(p.zero.Add(due))
	return 0, p.stopped.Load()
}

// Rate is not defined for a schedule; vegeta's attack loop does not ask.
func (p *pacer) Rate(time.Duration) float64 { return 0 }
