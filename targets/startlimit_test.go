package targets

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What a start is paused for does not count, however many are at it.
func TestStartLimit(t *testing.T) {
	late := errors.New("late")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := WithStartLimit(t.Context(), 10*time.Second, late)
		defer cancel()
		began := time.Now()
		time.Sleep(4 * time.Second)
		one := PauseStartLimit(ctx)
		time.Sleep(time.Minute)
		two := PauseStartLimit(ctx)
		time.Sleep(time.Minute)
		one()
		one() // no matter
		time.Sleep(time.Minute)
		if ctx.Err() != nil {
			t.Fatalf("over while it was paused: %v", context.Cause(ctx))
		}
		two()
		<-ctx.Done()
		if took := time.Since(began); took != 3*time.Minute+10*time.Second || !errors.Is(context.Cause(ctx), late) || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			t.Errorf("over after %v: %v", took, context.Cause(ctx))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := WithStartLimit(t.Context(), time.Second, late)
		resume := PauseStartLimit(ctx)
		cancel()
		resume()
		time.Sleep(time.Minute)
		if !errors.Is(context.Cause(ctx), context.Canceled) {
			t.Errorf("cancelled, then %v", context.Cause(ctx))
		}
		PauseStartLimit(t.Context())() // of a context without a limit
	})
}
