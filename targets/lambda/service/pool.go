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
// limits of their number and rate.
type pool struct {
	mu     sync.Mutex
	limit  int // most requests at a time
	bucket bucket
	busy   int // requests in flight, each with an environment or its start
	// settling counts the busy ones that have answered, waiting those who wait
	// for one of them, in the order in which they came.
	settling int
	waiting  []chan *environment
	idle     []*environment // the one used last is the last
	closed   bool
}

func newPool(limit int, b bucket) *pool { return &pool{limit: limit, bucket: b} }

// take returns the environment that a request shall go to; nil says that one
// has to be started for it, whose place is taken. The request is in flight from
// then on.
func (p *pool) take(now time.Time) (*environment, *refusal) {
	p.mu.Lock()
	if e := p.pop(); e != nil {
		p.mu.Unlock()
		return e, nil
	}
	if p.closed || len(p.waiting) >= p.settling {
		defer p.mu.Unlock()
		return nil, p.place(now)
	}
	turn := make(chan *environment, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	timer := time.NewTimer(settling)
	defer timer.Stop()
	select {
	case e := <-turn:
		return e, nil
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(c chan *environment) bool { return c == turn })
	select {
	case e := <-turn: // just now
		return e, nil
	default:
	}
	if e := p.pop(); e != nil {
		return e, nil
	}
	return nil, p.place(time.Now())
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

// place takes a place for a new environment, or says which limit is reached.
func (p *pool) place(now time.Time) *refusal {
	switch {
	case p.closed:
		return unavailable()
	case p.busy >= p.limit:
		return throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
	case !p.bucket.take(now):
		return throttled("CallerRateLimitExceeded")
	}
	p.busy++
	return nil
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
	if len(p.waiting) > 0 {
		p.waiting[0] <- e // it stays in flight
		p.waiting = slices.Delete(p.waiting, 0, 1)
		return
	}
	p.busy--
	p.idle = append(p.idle, e)
}

// release gives back the place of an environment that ended or never came to be.
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
	i := slices.Index(p.idle, e)
	if i < 0 {
		return false
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	return true
}

// close refuses all requests from now on.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}
