package targets

import (
	"context"
	"sync"
	"time"
)

// WithStartLimit returns a context that ends with the cause once a start has taken as long
// as the limit. What PauseStartLimit is called for does not count: to put an image in
// place may take minutes, and is no part of the start. The context's cause is then a
// context.DeadlineExceeded as well.
func WithStartLimit(ctx context.Context, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &startLimit{left: limit, since: time.Now()}
	l.timer = time.AfterFunc(limit, func() { cancel(overdue{cause}) })
	return context.WithValue(ctx, startLimitKey{}, l), func() {
		l.timer.Stop()
		cancel(nil)
	}
}

// overdue is the cause given that says of itself that it is a time that is over.
type overdue struct{ error }

// Is implements the interface of errors.Is.
func (overdue) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap returns the cause given.
func (o overdue) Unwrap() error { return o.error }

type startLimitKey struct{}

// startLimit is the time that a start has left.
type startLimit struct {
	timer *time.Timer

	mu     sync.Mutex
	left   time.Duration
	since  time.Time // from which it runs, unless it is paused
	paused int       // how often
}

// PauseStartLimit stops the limit of a start, where the context has one, until resume is
// called. It is safe for concurrent use, and may be called again meanwhile.
func PauseStartLimit(ctx context.Context) (resume func()) {
	l, limited := ctx.Value(startLimitKey{}).(*startLimit)
	if !limited {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused++; l.paused == 1 {
		l.timer.Stop()
		l.left -= time.Since(l.since)
	}
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.paused--; l.paused == 0 {
			l.since = time.Now()
			l.timer.Reset(max(l.left, 0))
		}
	})
}
