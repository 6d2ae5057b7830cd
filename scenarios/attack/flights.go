package attack

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
)

// flight is what is known of one request on its way. The pacer makes it, one
// worker of vegeta's fills it in, the recorder books it; vegeta's channels order
// the three, so that it needs no lock. It is used again for later requests.
type flight struct {
	seq      uint64 // among the requests of all loops
	due      time.Duration
	request  prepared // without a message: the supply has ended, and nothing is sent
	state    state
	failure  error // classified by class
	class    string
	inFlight int64 // requests when this one joined them, itself included
	retries  int   // how often it was sent again

	ctx     context.Context   // bounds the request
	outcome transport.Outcome // what came back
}

type state int

const (
	unsent   state = iota // the load was stopped before it reached the network
	sent                  // or failed, when failure is set
	censored              // given up before its timeout
)

// recordFailure classifies a failure; late is that of a request whose timeout has passed.
func (f *flight) recordFailure(err, late error) {
	f.failure = err
	deadline, _ := f.ctx.Deadline()
	switch cause := context.Cause(f.ctx); {
	case cause == errGivenUp && time.Now().Before(deadline):
		f.state = censored
	case cause == errGivenUp, cause == late:
		f.class, f.failure = record.ErrorTimeout, late
	default:
		f.class = classify(err)
	}
}

// ring holds values by sequence number, of which those in use lie close together.
type ring[T any] []T // the length is a power of two

func newRing[T any](capacity int) ring[T] {
	length := 64
	for length < capacity {
		length *= 2
	}
	return make(ring[T], length)
}

func (r ring[T]) at(seq uint64) *T { return &r[seq&uint64(len(r)-1)] }

// grown returns a ring twice as long with the values from low to below high.
func (r ring[T]) grown(low, high uint64) ring[T] {
	grown := make(ring[T], 2*len(r))
	for seq := low; seq < high; seq++ {
		*grown.at(seq) = *r.at(seq)
	}
	return grown
}

// flights finds the flight of a sequence number. Sequence numbers ascend with
// the due times, so a ring over the outstanding ones holds them all. It grows
// to as many requests as come due within the timeout, and then no more however
// long the run is; the flights themselves, which are used again, are as many as
// there are workers.
type flights struct {
	mu   sync.Mutex
	ring ring[*flight]
	low  uint64 // every flight below it was taken
	next uint64 // the sequence number that begins next
	last time.Duration
	free []*flight
	took *flight // taken last, and not free yet

	share share
	draw  draw
	watch *watch // told what begins
}

func newFlights(capacity int, s share, d draw, w *watch) *flights {
	return &flights{ring: newRing[*flight](2 * capacity), share: s, draw: d, watch: w}
}

// begin begins the next flight. Calls do not overlap.
func (fs *flights) begin(due time.Duration) {
	seq := fs.share.overallNumber(fs.next) // which nobody else changes
	request := fs.draw(seq, due)
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.next-fs.low == uint64(len(fs.ring)) {
		fs.ring = fs.ring.grown(fs.low, fs.next)
	}
	f := fs.unused()
	*f = flight{seq: seq, due: due, request: request, outcome: f.outcome}
	*fs.ring.at(fs.next) = f
	fs.next++
	fs.last = due
	fs.watch.noteBegin(fs.share.index, due)
}

func (fs *flights) unused() *flight {
	n := len(fs.free)
	if n == 0 {
		return &flight{}
	}
	f := fs.free[n-1]
	fs.free = fs.free[:n-1]
	return f
}

// find returns the flight of a sequence number that began and was not taken.
func (fs *flights) find(seq uint64) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return *fs.ring.at(seq)
}

// take removes the flight of a sequence number, which is the caller's until the
// next call. Every request due before settled was taken by now.
func (fs *flights) take(seq uint64) (f *flight, settled time.Duration) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.took != nil {
		fs.took.outcome.Reset() // which may hold much of its request
		fs.took.request = prepared{}
		fs.free = append(fs.free, fs.took)
	}
	f = *fs.ring.at(seq)
	fs.took, *fs.ring.at(seq) = f, nil
	for fs.low < fs.next && *fs.ring.at(fs.low) == nil {
		fs.low++
	}
	if fs.low == fs.next {
		return f, fs.last
	}
	return f, (*fs.ring.at(fs.low)).due
}

// left takes what never came back: requests that were due but that no worker
// took before the load was stopped.
func (fs *flights) left() []*flight {
	var left []*flight
	for seq := fs.low; seq < fs.next; seq++ {
		if f := *fs.ring.at(seq); f != nil {
			left = append(left, f)
		}
	}
	return left
}

// deadlines gives requests their contexts. A timer and a context for each would
// cost more than the rest of our work on a request, so requests that start
// within one step, 1 % of the timeout, share theirs; each gets the whole
// timeout and at most one step more.
type deadlines struct {
	base    context.Context
	timeout time.Duration
	step    time.Duration
	late    error // errTimeout, with how long that is and the key that says it

	current atomic.Pointer[deadline]
	renew   sync.Mutex
}

// longestStep bounds a step, and with it how long after its timeout a request ends.
const longestStep = 250 * time.Millisecond

func (d *deadlines) longestRequest() time.Duration { return d.timeout + d.step }

// deadline is the context of the requests of one step.
type deadline struct {
	ctx    context.Context
	cancel context.CancelFunc // released by base at the latest
	until  time.Time          // when the next step begins
}

func newDeadlines(base context.Context, timeout time.Duration) *deadlines {
	return &deadlines{
		base: base, timeout: timeout, step: min(max(timeout/100, 1), longestStep),
		late: fmt.Errorf("%w of %v (key timeout)", errTimeout, timeout),
	}
}

// context returns the context of a request that starts now. Its cause is
// an errTimeout when the request took too long.
func (d *deadlines) context() context.Context {
	now := time.Now()
	if c := d.current.Load(); c.covers(now) {
		return c.ctx
	}
	d.renew.Lock()
	defer d.renew.Unlock()
	if c := d.current.Load(); c.covers(now) { // another's
		return c.ctx
	}
	c := &deadline{until: now.Add(d.step)}
	// The last one to share it starts at until.
	c.ctx, c.cancel = context.WithDeadlineCause(d.base, c.until.Add(d.timeout), d.late)
	d.current.Store(c)
	return c.ctx
}

func (d *deadline) covers(now time.Time) bool { return d != nil && !now.After(d.until) }
