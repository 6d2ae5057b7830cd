package attack

import (
	"context"
	"sync"
	"time"
)

// deadlines gives requests their contexts. A timer and a context for each would
// cost more than the rest of our work on a request, so requests that start
// within one step, 1 % of the timeout, share theirs; each gets the whole
// timeout and at most 1 % more.
type deadlines struct {
	base    context.Context
	timeout time.Duration
	step    time.Duration

	mu      sync.Mutex
	current context.Context
	cancel  context.CancelFunc // released by base at the latest
	until   time.Time          // when the next step begins
}

func newDeadlines(base context.Context, timeout time.Duration) *deadlines {
	return &deadlines{base: base, timeout: timeout, step: max(timeout/100, 1)}
}

// context returns the context of a request that starts now. Its cause is
// errTimeout when the request took too long.
func (d *deadlines) context() context.Context {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == nil || now.After(d.until) {
		d.until = now.Add(d.step)
		// The last one to share it starts at until.
		end := d.until.Add(d.timeout)
		d.current, d.cancel = context.WithDeadlineCause(d.base, end, errTimeout)
	}
	return d.current
}
