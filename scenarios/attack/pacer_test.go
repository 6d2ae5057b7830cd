package attack

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"servebench/scenarios/arrivals"
)

// fakeWaiter remembers what it was asked to wait for.
type fakeWaiter struct {
	until []time.Time
	onto  func()
}

func (w *fakeWaiter) wait(until time.Time) {
	w.until = append(w.until, until)
	if w.onto != nil {
		w.onto()
	}
}

func newPacer(t *testing.T, dues ...time.Duration) (*pacer, *fakeWaiter) {
	w := &fakeWaiter{}
	next, stop := arrivals.Pull(slices.Values(dues))
	t.Cleanup(stop)
	return &pacer{
		next:      next,
		flights:   newFlights(1, share{of: 1}, drawNothing, nil),
		zero:      time.Now().Add(-time.Hour), // everything is late
		wait:      w.wait,
		stopped:   &atomic.Bool{},
		exhausted: make(chan struct{}, 1),
	}, w
}

// TestPacerKeepsTheSchedule checks that every arrival is handed out, in order
// and with nothing added to it, however late it is.
func TestPacerKeepsTheSchedule(t *testing.T) {
	dues := []time.Duration{0, 5, 5, 1000, time.Second}
	p, w := newPacer(t, dues...)
	for k, due := range dues {
		wait, stop := p.Pace(time.Hour, uint64(k))
		if wait != 0 || stop {
			t.Fatalf("Pace = %v, %v for arrival %d; want 0, false", wait, stop, k)
		}
		if f := p.flights.find(uint64(k)); f.due != due || !w.until[k].Equal(p.zero.Add(due)) {
			t.Errorf("arrival %d is due %v and waited for %v after zero, want %v", k, f.due, w.until[k].Sub(p.zero), due)
		}
	}
	if _, stop := p.Pace(time.Hour, 5); !stop {
		t.Error("Pace goes on after the last arrival")
	}
	select {
	case <-p.exhausted:
	default:
		t.Error("the schedule does not count as exhausted after its last arrival")
	}
}

func TestPacerStopsWhileWaiting(t *testing.T) {
	p, w := newPacer(t, 0, 1, 2)
	w.onto = func() { p.stopped.Store(true) }
	if _, stop := p.Pace(0, 0); !stop {
		t.Error("Pace hands out an arrival after the stop")
	}
	if _, stop := p.Pace(0, 0); !stop || len(w.until) != 1 {
		t.Error("Pace waits again after the stop")
	}
	select {
	case <-p.exhausted:
		t.Error("a stopped schedule counts as exhausted")
	default:
	}
}
