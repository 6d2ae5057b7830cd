package attack

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadlines gives requests their contexts. A timer and a context for each would
// cost more than the rest of our work on a request, so requests that start
// within one step, 1 % of the timeout, share theirs; each gets the whole
// timeout and at most one step more.
type deadlines struct {
	base    context.Context
	timeout time.Duration
	step    time.Duration

	current atomic.Pointer[deadline]
	renew   sync.Mutex
}

// longestStep bounds a step, and with it how long after its timeout a request ends.
const longestStep = 250 * time.Millisecond

// longest is how long after it was sent a request may end.
func (d *deadlines) longest() time.Duration { return d.timeout + d.step }

// deadline is the context of the requests of one step.
type deadline struct {
	ctx    context.Context
	cancel context.CancelFunc // released by base at the latest
	until  time.Time          // when the next step begins
}

func newDeadlines(base context.Context, timeout time.Duration) *deadlines {
	return &deadlines{base: base, timeout: timeout, step: min(max(timeout/100, 1), longestStep)}
}

// context returns the context of a request that starts now. Its cause is
// errTimeout when the request took too long.
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
	c.ctx, c.cancel = context.WithDeadlineCause(d.base, c.until.Add(d.timeout), errTimeout)
	d.current.Store(c)
	return c.ctx
}

// covers reports whether a request that starts now may share it.
func (d *deadline) covers(now time.Time) bool { return d != nil && !now.After(d.until) }
