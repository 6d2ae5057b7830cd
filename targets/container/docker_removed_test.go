package container

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
)

// A removal that the engine is late with is asked for again, and what is gone by then is
// removed. It is given up in a bounded time.
func TestRemoved(t *testing.T) {
	late := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	says := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	busy := errors.New("device or resource busy")
	for name, tt := range map[string]struct {
		answers []func(context.Context) error
		want    string
		took    time.Duration
	}{
		"done":               {[]func(context.Context) error{says(nil)}, "", 0},
		"it is gone":         {[]func(context.Context) error{says(errdefs.ErrNotFound)}, "", 0},
		"late, and done":     {[]func(context.Context) error{late, says(errdefs.ErrNotFound)}, "", cleanTime + removalPause},
		"busy, and free":     {[]func(context.Context) error{says(busy), says(busy), says(nil)}, "", 2 * removalPause},
		"it stays":           {[]func(context.Context) error{says(busy), says(busy), says(busy)}, "device or resource busy (asked 3 times)", 2 * removalPause},
		"the engine is hung": {[]func(context.Context) error{late, late, late}, "the engine did not do so within 30s (asked 3 times)", 3*cleanTime + 2*removalPause},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, began := 0, time.Now()
				err := removed(func(ctx context.Context) error { asked++; return tt.answers[asked-1](ctx) })
				if got := time.Since(began); got != tt.took || asked != len(tt.answers) {
					t.Errorf("asked %d times in %s, want %d in %s", asked, got, len(tt.answers), tt.took)
				}
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
			})
		})
	}
}
