package attack

import (
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"servebench/scenarios/arrivals"
	"servebench/targets/timer"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// workersAhead is how many of vegeta's workers are started before the load, so
// that it need not add them under load because the few it has look busy for a
// moment. More are added when the server falls behind by as many requests. All
// of the cap would be too many: vegeta hands requests to its workers in turn, so
// each of them would be run cold, on a stack that has yet to grow.
const workersAhead = 64

// loop is one of vegeta's attack loops, with its share of the load. What the loops
// have in common is the engine's.
type loop struct {
	engine   *engine
	flights  *flights
	timer    *timer.Timer
	next     func() (due time.Duration, ok bool) // pulls the schedule; nil in a closed loop
	stopPull func()
	workers  *workers // nil in an open loop
	attacker *vegeta.Attacker

	cap        int64 // requests in flight at most
	inFlight   atomic.Int64
	capReached atomic.Bool
}

// share is one loop's part of what several divide: of every so many, the one with its
// index.
type share struct{ index, of int }

func (s share) partOf(n int) int {
	part := n / s.of
	if s.index < n%s.of {
		part++
	}
	return part
}

func (s share) overallNumber(k uint64) uint64 { return k*uint64(s.of) + uint64(s.index) }

func (s share) pickArrivals(all iter.Seq[time.Duration]) iter.Seq[time.Duration] {
	if s.of == 1 {
		return all
	}
	return func(yield func(time.Duration) bool) {
		k := 0
		for due := range all {
			if k%s.of == s.index && !yield(due) {
				return
			}
			k++
		}
	}
}

func (e *engine) newLoop(s share) (*loop, error) {
	t, err := timer.New()
	if err != nil {
		return nil, err
	}
	most := s.partOf(e.cfg.MaxInFlight)
	l := &loop{engine: e, timer: t, cap: int64(most), flights: newFlights(most, s, e.supply.draw(s), e.watch)}
	ahead := min(workersAhead, most)
	if e.cfg.Concurrency > 0 {
		l.workers = &workers{flights: l.flights, think: e.cfg.Think, timer: t, stopped: &e.stopped}
		ahead = most
	} else {
		l.next, l.stopPull = arrivals.Pull(s.pickArrivals(e.cfg.Arrivals))
	}
	l.attacker = vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: l}),
		vegeta.MaxBody(0),
		vegeta.Workers(uint64(ahead)),
		vegeta.MaxWorkers(uint64(most)),
	)
	return l, nil
}

func (l *loop) start() <-chan *vegeta.Result {
	e := l.engine
	if l.workers != nil {
		l.workers.zero = e.zero
		l.workers.beginFirst(int(l.cap))
		return l.attacker.Attack(placeholder, l.workers, 0, "")
	}
	return l.attacker.Attack(placeholder, &pacer{
		next:      l.next,
		flights:   l.flights,
		zero:      e.zero,
		wait:      l.timer.Wait,
		stopped:   &e.stopped,
		exhausted: e.exhausted,
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
	for due, ok := l.next(); ok && yield(due); due, ok = l.next() {
	}
}

func (l *loop) close() error {
	if l.stopPull != nil {
		l.stopPull()
	}
	if err := l.timer.Close(); err != nil {
		return fmt.Errorf("close timer: %w", err)
	}
	return nil
}

// RoundTrip implements http.RoundTripper for vegeta's client. It sends the request of
// the corpus that vegeta's sequence number stands for, byte for byte as it was
// materialised: vegeta's own headers stay behind. What became of it is in its flight,
// and vegeta is told the same of every one, that it was carried: what vegeta does with
// answers and errors costs time and memory for each, and some of it fails.
func (l *loop) RoundTrip(placeholder *http.Request) (*http.Response, error) {
	seq, err := sequence(placeholder)
	if err != nil {
		return nil, err
	}
	f := l.flights.find(seq)
	tooLate := l.workers != nil && f.due >= l.engine.cfg.Span
	if !l.engine.stopped.Load() && !tooLate && f.request.message != nil {
		l.send(f)
	}
	if l.workers != nil {
		l.workers.setFree()
	}
	return l.engine.carried, nil
}

func (l *loop) send(f *flight) {
	e := l.engine
	e.sent.Add(1)
	if l.inFlight.Add(1) == l.cap {
		l.capReached.Store(true)
	}
	f.state, f.ctx, f.inFlight = sent, e.deadlines.context(), e.inFlight.Add(1)
	defer func() {
		e.inFlight.Add(-1)
		l.inFlight.Add(-1)
	}()
	f.outcome.Zero, f.outcome.Limit, f.outcome.Stamped = e.zero, e.limit, e.cfg.FirstByte
	if e.cfg.Credentials.Lifetime > 0 {
		f.request = e.supply.fresh(f.seq, f.due, f.request)
	}
	if err := e.exchange(f); err != nil {
		f.recordFailure(err, e.deadlines.late)
	}
}

// seqHeader is where vegeta puts the sequence number of a request.
const seqHeader = "X-Vegeta-Seq"

// placeholderURL is parsed quickly and no transport would take it, so nothing
// but our own requests can reach the wire.
const placeholderURL = "corpus:request"

// placeholder is vegeta's Targeter: what vegeta believes to send.
func placeholder(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodPost, placeholderURL
	return nil
}

func sequence(placeholder *http.Request) (uint64, error) {
	values := placeholder.Header[seqHeader]
	if len(values) != 1 {
		return 0, fmt.Errorf("read sequence number: %d %s headers, want 1", len(values), seqHeader)
	}
	seq, err := strconv.ParseUint(values[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read sequence number: %w", err)
	}
	return seq, nil
}
