//go:build !linux

package timer

import "time"

// New makes a timer.
func New() (*Timer, error) {
	timer := time.NewTimer(0)
	timer.Stop()
	return &Timer{timer: timer, done: make(chan struct{})}, nil
}

// Timer waits for points in time. Wait is for one goroutine; Interrupt is safe
// for concurrent use. It waits with the runtime's timer.
type Timer struct {
	timer *time.Timer
	done  chan struct{}
}

// Wait returns at or after until, or at once when it was interrupted.
func (t *Timer) Wait(until time.Time) {
	d := time.Until(until)
	if d <= 0 {
		return
	}
	t.timer.Reset(d)
	select {
	case <-t.timer.C:
	case <-t.done:
		t.timer.Stop()
	}
}

// Interrupt ends the running Wait and all later ones.
func (t *Timer) Interrupt() { close(t.done) }

// Close stops the timer.
func (t *Timer) Close() error {
	t.timer.Stop()
	return nil
}
