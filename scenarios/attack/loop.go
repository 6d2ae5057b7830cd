package attack

import (
	"fmt"
	"net/http"
	"time"

	"servebench/targets/timer"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// loop is one of vegeta's attack loops, with a part of the load for its own.
// What the loops share is the engine's.
type loop struct {
	flights  *flights
	timer    *timer.Timer
	dueTimes *dueTimes // nil in a closed loop
	workers  *workers  // nil in an open one
	trips    *roundTripper
	attacker *vegeta.Attacker
	cap      int // requests in flight at most
}

// part is one loop's part of what several share: of every so many, the one with
// its index.
type part struct{ index, of int }

// share returns how many of n things are the loop's.
func (p part) share(n int) int {
	share := n / p.of
	if p.index < n%p.of {
		share++
	}
	return share
}

// sequence returns the number among all requests of the loop's seq-th.
func (p part) sequence(seq uint64) uint64 { return seq*uint64(p.of) + uint64(p.index) }

// newLoop makes the loop of a part of the load.
func (e *engine) newLoop(p part) (*loop, error) {
	t, err := timer.New()
	if err != nil {
		return nil, err
	}
	l := &loop{timer: t, cap: p.share(e.cfg.MaxInFlight)}
	l.flights = newFlights(l.cap, p, e.watch)
	l.trips = &roundTripper{carriage: e.carriage, flights: l.flights, cap: int64(l.cap)}
	ahead := min(workersAhead, l.cap)
	if e.cfg.Concurrency > 0 {
		l.workers = &workers{flights: l.flights, think: e.cfg.Think, timer: t, stopped: &e.carriage.stopped}
		l.trips.workers = l.workers
		ahead = l.cap
	} else {
		l.dueTimes = newDueTimes(e.cfg.Arrivals, p)
	}
	l.attacker = newAttacker(l.trips, ahead, l.cap)
	return l, nil
}

// workersAhead is how many of vegeta's workers are started before the load, so
// that it need not add them under load because the few it has look busy for a
// moment. More are added when the server falls behind by as many requests. All
// of the cap would be too many: vegeta hands requests to its workers in turn, so
// each of them would be run cold, on a stack that has yet to grow.
const workersAhead = 64

// newAttacker returns vegeta's attacker, with so many workers from the start and
// so many at most.
func newAttacker(trips http.RoundTripper, ahead, most int) *vegeta.Attacker {
	return vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: trips}),
		vegeta.MaxBody(0),
		vegeta.Workers(uint64(ahead)),
		vegeta.MaxWorkers(uint64(most)),
	)
}

// start begins to send at zero. exhausted receives when every arrival was handed
// out.
func (l *loop) start(zero time.Time, exhausted chan struct{}) <-chan *vegeta.Result {
	if l.workers != nil {
		l.workers.zero = zero
		l.workers.start(l.cap)
		return l.attacker.Attack(placeholder, l.workers, 0, "")
	}
	return l.attacker.Attack(placeholder, &pacer{
		next:      l.dueTimes.next,
		flights:   l.flights,
		zero:      zero,
		wait:      l.timer.Wait,
		stopped:   &l.trips.stopped,
		exhausted: exhausted,
	}, 0, "")
}

// stop ends the sending. Requests in flight go on.
func (l *loop) stop() {
	l.timer.Interrupt()
	l.attacker.Stop()
}

// unsent yields when the requests were due, ascending, that the loop did not hand out
// or that no worker took. Workers have no schedule.
func (l *loop) unsent(yield func(due time.Duration) bool) {
	if l.workers != nil {
		return
	}
	for _, f := range l.flights.left() {
		if !yield(f.due) {
			return
		}
	}
	for due, ok := l.dueTimes.next(); ok && yield(due); due, ok = l.dueTimes.next() {
	}
}

// close releases what the loop used.
func (l *loop) close() error {
	if l.dueTimes != nil {
		l.dueTimes.stop()
	}
	if err := l.timer.Close(); err != nil {
		return fmt.Errorf("close timer: %w", err)
	}
	return nil
}
