//go:build !linux

package timer

import "time"

// Timer waits for points in time. Wait is for one goroutine; Hasten and
// Interrupt are safe for concurrent use. It waits with the runtime's timer.
type Timer struct {
	timer    *time.Timer
	hastened chan time.Time // what the running Wait, or else the next, is to end at
	done     chan struct{}
}

// New makes a timer.
func New() (*Timer, error) {
	timer := time.NewTimer(0)
	timer.Stop()
	return &Timer{timer: timer, hastened: make(chan time.Time, 1), done: make(chan struct{})}, nil
}

// Wait returns at or after until. It returns earlier when it was hastened, and
// at once when it was interrupted.
func (t *Timer) Wait(until time.Time) {
	for {
		d := time.Until(until)
		if d <= 0 {
			return
		}
		t.timer.Reset(d)
		select {
		case <-t.timer.C:
		case earlier := <-t.hastened:
			if earlier.Before(until) {
				until = earlier
			}
		case <-t.done:
			t.timer.Stop()
			return
		}
	}
}

// Hasten makes the running Wait return at until if that is before its own time;
// when none is running, the next one.
func (t *Timer) Hasten(until time.Time) {
	for {
		select {
		case t.hastened <- until:
			return
		case waiting := <-t.hastened:
			if waiting.Before(until) {
				until = waiting
			}
		}
	}
}

// Polled is how much processor time the waits have spent on polling: none.
func (t *Timer) Polled() time.Duration { return 0 }

// Interrupt ends the running Wait and all later ones.
func (t *Timer) Interrupt() { close(t.done) }

// Close stops the timer.
func (t *Timer) Close() error {
	t.timer.Stop()
	return nil
}
