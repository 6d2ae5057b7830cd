//go:build !linux

package attack

import "time"

func newWaiter() (waiter, error) {
	timer := time.NewTimer(0)
	timer.Stop()
	return &timerWaiter{timer: timer, done: make(chan struct{})}, nil
}

// timerWaiter waits with the runtime's timer.
type timerWaiter struct {
	timer *time.Timer
	done  chan struct{}
}

func (w *timerWaiter) wait(until time.Time) {
	d := time.Until(until)
	if d <= 0 {
		return
	}
	w.timer.Reset(d)
	select {
	case <-w.timer.C:
	case <-w.done:
		w.timer.Stop()
	}
}

func (w *timerWaiter) interrupt() { close(w.done) }

func (w *timerWaiter) close() error {
	w.timer.Stop()
	return nil
}
