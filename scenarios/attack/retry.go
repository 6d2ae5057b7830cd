package attack

import (
	"context"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/targets/protocol"
)

// Retries say when a request that failed is sent again, as clients do; the zero value: never.
type Retries struct {
	// Attempts is how often it is sent at most, the first time included.
	Attempts int
	// Classes and Statuses are the failures after which it is. Where the connection was
	// refused, no server has the request; otherwise one may have worked on it, so that only
	// idempotent requests are sent again, unless HTTP.RetryNonIdempotent says so.
	Classes  []string
	Statuses []protocol.Statuses
	// Backoff is how long to wait before the second attempt; before each further one it is
	// twice as long.
	Backoff time.Duration
}

// exchange sends a request, as often as it takes and may be within the time that it has. Its
// latency is that of all attempts.
func (e *engine) exchange(f *flight) error {
	err := e.sender.Send(f.ctx, f.request.message, &f.outcome)
	for pause := e.cfg.Retries.Backoff; e.sendsAgain(f, err) && waitIn(f.ctx, pause); pause *= 2 {
		f.retries++
		f.outcome.Reset()
		err = e.sender.Send(f.ctx, f.request.message, &f.outcome)
	}
	return err
}

// sendsAgain reports whether a request that was sent shall be sent once more.
func (e *engine) sendsAgain(f *flight, err error) bool {
	r := e.cfg.Retries
	if f.retries+1 >= r.Attempts || f.ctx.Err() != nil || e.stopped.Load() {
		return false
	}
	class := ""
	if err != nil {
		class = classify(err)
		if !slices.Contains(r.Classes, class) {
			return false
		}
	} else if e.cfg.Corpus.Accepts(f.outcome.Status) || !slices.ContainsFunc(r.Statuses, func(s protocol.Statuses) bool { return s.First <= f.outcome.Status && f.outcome.Status <= s.Last }) {
		return false
	}
	return class == record.ErrorRefused || e.cfg.HTTP.RetryNonIdempotent || f.request.message.Idempotent()
}

// waitIn waits, unless ctx ends before.
func waitIn(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
