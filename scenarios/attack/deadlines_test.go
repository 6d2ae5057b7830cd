package attack

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestDeadlinesKeepTheTimeout starts requests at many moments and expects each
// to get the whole timeout, and at most 1 % more.
func TestDeadlinesKeepTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = time.Second
		base, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		d := newDeadlines(base, timeout)
		distinct := map[context.Context]bool{}
		for range 1000 {
			start := time.Now()
			ctx := d.context()
			distinct[ctx] = true
			end, ok := ctx.Deadline()
			if allowed := end.Sub(start); !ok || allowed < timeout || allowed > timeout*101/100 {
				t.Fatalf("request may take %v, want at least %v and at most 1 %% over it", allowed, timeout)
			}
			time.Sleep(time.Millisecond)
		}
		if len(distinct) > 101 {
			t.Errorf("%d contexts for 1000 requests in a second, want them shared", len(distinct))
		}
	})
}

func TestDeadlinesTellTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base, giveUp := context.WithCancelCause(t.Context())
		d := newDeadlines(base, time.Second)
		slow := d.context()
		time.Sleep(2 * time.Second)
		if cause := context.Cause(slow); !errors.Is(cause, errTimeout) {
			t.Errorf("a slow request ended with %v, want %v", cause, errTimeout)
		}
		if text := context.Cause(slow).Error(); text != "no complete answer within the timeout of 1s (key timeout)" {
			t.Errorf("a slow request ended with %q", text)
		}
		cut := d.context()
		giveUp(errGivenUp)
		if cause := context.Cause(cut); !errors.Is(cause, errGivenUp) {
			t.Errorf("a request given up ended with %v, want %v", cause, errGivenUp)
		}
		if cause := context.Cause(slow); !errors.Is(cause, errTimeout) {
			t.Errorf("giving up changed the cause of an earlier end to %v", cause)
		}
	})
}
