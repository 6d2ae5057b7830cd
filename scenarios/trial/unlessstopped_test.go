package trial

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A run that is stopped while it is prepared ends, whether what is under way heeds its
// context or not.
func TestStoppedWhilePreparing(t *testing.T) {
	for name, prepare := range map[string]func(context.Context) error{
		"heeds it":     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"does not":     func(context.Context) error { time.Sleep(time.Hour); return nil },
		"ends as well": func(ctx context.Context) error { <-ctx.Done(); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			stop := make(chan struct{})
			s := &session{Runner: &Runner{Stop: stop}}
			time.AfterFunc(time.Second, func() { close(stop) })
			began := time.Now()
			err := s.unlessStopped(t.Context(), prepare)
			if !errors.Is(err, context.Canceled) || err.Error() != "stopped before anything was measured" {
				t.Errorf("%s: error %v", name, err)
			}
			if took := time.Since(began); took > time.Second+giveUpTime {
				t.Errorf("%s: it took %v", name, took)
			}
			time.Sleep(time.Hour) // until what was given up has ended
		})
	}
	wrong := errors.New("wrong")
	s := &session{Runner: &Runner{}}
	if err := s.unlessStopped(t.Context(), func(context.Context) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("error %v, want %v", err, wrong)
	}
}
