package service

import (
	"slices"
	"sync"
	"time"
)

// settling is how long a request waits for an environment that has answered but
// not asked for more work yet, before a new one is started for it. On AWS the
// way of an answer to its caller takes longer than a function needs for that;
// on one machine a caller's next request may come first.
const settling = 10 * time.Millisecond

// pool holds the idle environments and counts those that are not, within the
// limits of their number and rate. As many are started at a time as there are
// slots: more would take the CPUs from each other, and each would be there
// later. A request that waits for a slot takes an environment that gets idle
// before; with its slot it is bound to the new one.
type pool struct {
	mu      sync.Mutex
	limit   int // most requests at a time
	bucket  bucket
	busy    int // requests in flight
	slots   int // most environments started at a time
	placing int
	// settling counts the environments that have answered a request in flight.
	settling int
	waiting  []waiter       // in the order in which they came
	idle     []*environment // the one used last is the last
	closed   bool
}

// waiter is a request that waits.
type waiter struct {
	turn   chan turn // has room for one
	placed bool      // it is in flight already and has its token: it waits for a slot
}

// turn is what a request waited for: an environment, a slot (nil) or a refusal.
type turn struct {
	environment *environment
	refused     *refusal
}

func newPool(limit, slots int, b bucket) *pool { return &pool{limit: limit, slots: slots, bucket: b} }

// take returns the environment that a request shall go to; nil says that one
// has to be started for it, which started has to follow. The request is in
// flight from then on.
func (p *pool) take(now time.Time) (*environment, *refusal) {
	p.mu.Lock()
	if e := p.pop(); e != nil {
		p.mu.Unlock()
		return e, nil
	}
	if p.closed || len(p.waiting) >= p.settling {
		return p.place(now)
	}
	w := p.join(false)
	p.mu.Unlock()
	timer := time.NewTimer(settling)
	defer timer.Stop()
	select {
	case t := <-w.turn:
		return t.environment, t.refused
	case <-timer.C:
	}
	p.mu.Lock()
	select {
	case t := <-w.turn: // just now
		p.mu.Unlock()
		return t.environment, t.refused
	default:
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(other waiter) bool { return other == w })
	return p.place(time.Now())
}

// join puts a request among those that wait.
func (p *pool) join(placed bool) waiter {
	w := waiter{make(chan turn, 1), placed}
	p.waiting = append(p.waiting, w)
	return w
}

// pop takes the idle environment that was used last; nil when there is none.
func (p *pool) pop() *environment {
	if len(p.idle) == 0 {
		return nil
	}
	last := len(p.idle) - 1
	e := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	p.busy++
	return e
}

// place takes a slot for a new environment, or waits for one or an idle
// environment, or says which limit is reached. It unlocks the pool.
func (p *pool) place(now time.Time) (*environment, *refusal) {
	if refused := p.refuse(now); refused != nil {
		p.mu.Unlock()
		return nil, refused
	}
	p.busy++
	if p.placing < p.slots {
		p.placing++
		p.mu.Unlock()
		return nil, nil
	}
	w := p.join(true)
	p.mu.Unlock()
	t := <-w.turn
	return t.environment, t.refused
}

// refuse says which limit is reached, or takes a token.
func (p *pool) refuse(now time.Time) *refusal {
	switch {
	case p.closed:
		return unavailable()
	case p.busy >= p.limit:
		return throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
	case !p.bucket.take(now):
		return throttled("CallerRateLimitExceeded")
	}
	return nil
}

// started gives back the slot of an environment that is there or failed.
func (p *pool) started() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.placing--
	i := slices.IndexFunc(p.waiting, func(w waiter) bool { return w.placed })
	if i < 0 || p.placing >= p.slots {
		return
	}
	p.placing++
	p.waiting[i].turn <- turn{}
	p.waiting = slices.Delete(p.waiting, i, i+1)
}

// settle notes that an environment in flight has answered.
func (p *pool) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settling++
}

// put takes an environment back that asked for work after it answered: it goes
// to who waits for one, or is idle.
func (p *pool) put(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settling--
	p.busy--
	if len(p.waiting) == 0 {
		p.idle = append(p.idle, e)
		return
	}
	w := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	if w.placed {
		p.bucket.giveBack()
	} else {
		p.busy++
	}
	w.turn <- turn{environment: e}
}

// release notes that the environment of a request in flight ended or never came
// to be.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
}

// unsettle undoes settle for an environment that ended after it answered.
func (p *pool) unsettle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settling--
}

// remove takes an environment out of the idle ones and reports whether it was
// there.
func (p *pool) remove(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.removeIdle(e)
}

func (p *pool) removeIdle(e *environment) bool {
	i := slices.Index(p.idle, e)
	if i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	return i >= 0
}

// hold takes an environment out of the idle ones into those in flight, which
// release has to follow, and reports whether it was idle.
func (p *pool) hold(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.removeIdle(e) {
		return false
	}
	p.busy++
	return true
}

// close refuses all requests from now on, and those that wait.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.waiting {
		if w.placed {
			p.busy--
		}
		w.turn <- turn{refused: unavailable()}
	}
	p.waiting = nil
}

// burstWindow is the time in which as many environments may start as the burst
// says: AWS's rate is 1,000 in 10 seconds, refilled continuously.
const burstWindow = 10 * time.Second

// bucket is a token bucket of starts. It is full at first.
type bucket struct {
	size   float64
	tokens float64
	at     time.Time // when tokens was counted; zero: never
}

func newBucket(size int) bucket { return bucket{size: float64(size), tokens: float64(size)} }

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if !b.at.IsZero() && now.After(b.at) {
		refill := b.size * now.Sub(b.at).Seconds() / burstWindow.Seconds()
		b.tokens = min(b.size, b.tokens+refill)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// giveBack returns a token that was not needed.
func (b *bucket) giveBack() { b.tokens = min(b.size, b.tokens+1) }
