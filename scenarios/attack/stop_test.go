package attack

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestStopDrains(t *testing.T) {
	stop := make(chan struct{})
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 30 {
			close(stop)
		}
		time.Sleep(20 * time.Millisecond)
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 5*time.Millisecond, 20_000)
	cfg.Stop = stop
	cell := run(t, context.Background(), cfg, log)
	l := cell.Ledger
	if l.Scheduled != 20_000 || l.Sent < 30 || l.Sent >= 20_000 || l.OK != l.Sent {
		t.Errorf("ledger %+v, want the whole schedule, a part sent, all of that right", l)
	}
	if len(cell.Slices) != 100 || cell.Slices[99].Scheduled != 200 || cell.Slices[99].Sent != 0 {
		t.Errorf("%d slices, the last %+v; want the unsent ones in it", len(cell.Slices), cell.Slices[len(cell.Slices)-1])
	}
	if !cell.Stopped || cell.Window <= 0 || cell.Window >= cell.Elapsed {
		t.Errorf("stopped %v, window %v, elapsed %v; want a window that ends at the stop, before the last answer",
			cell.Stopped, cell.Window, cell.Elapsed)
	}
	if cell.Good != l.OK {
		t.Errorf("%d good of %d; want those in flight at the stop too", cell.Good, l.OK)
	}
	checkAchieved(t, cell, cell.Window)
}

// TestStopDuringTheDrainCutsNothingShort stops a load whose schedule was sent.
func TestStopDuringTheDrainCutsNothingShort(t *testing.T) {
	stop := make(chan struct{})
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		last := n.Add(1) == 10
		time.Sleep(150 * time.Millisecond)
		if last {
			close(stop)
			time.Sleep(50 * time.Millisecond)
		}
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 5*time.Millisecond, 10)
	cfg.Stop = stop
	cell := run(t, context.Background(), cfg, log)
	if cell.Stopped || cell.Window != cfg.Span || cell.Ledger.OK != 10 || cell.Good != 10 {
		t.Errorf("stopped %v, window %v, %d good, ledger %+v; want the whole schedule, though nothing was done in it",
			cell.Stopped, cell.Window, cell.Good, cell.Ledger)
	}
}

// checkAchieved checks that the rate achieved is of the requests sent over this
// time.
func checkAchieved(t *testing.T, cell record.Cell, over time.Duration) {
	t.Helper()
	if want := float64(cell.Ledger.Sent) / over.Seconds(); math.Abs(cell.Achieved-want) > 1e-9 {
		t.Errorf("achieved %v, want %v", cell.Achieved, want)
	}
}

func TestCancelGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	release := make(chan struct{})
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 10 {
			cancel()
		}
		<-release
	})
	defer close(release)
	cfg, log := load(t, s.URL, 2*time.Millisecond, 5000)
	cell := run(t, ctx, cfg, log)
	l := cell.Ledger
	if l.Scheduled != 5000 || l.Sent < 10 || l.Sent >= 5000 || l.Censored != l.Sent {
		t.Errorf("ledger %+v, want what was in flight censored", l)
	}
	if !cell.Stopped || cell.Window >= cfg.Span {
		t.Errorf("stopped %v, window %v of %v", cell.Stopped, cell.Window, cfg.Span)
	}
}

// brokenLog cannot be written to.
type brokenLog struct{}

func (brokenLog) Interval(string, time.Duration, time.Duration, *hdrhistogram.Histogram) error {
	return errors.New("no space left on device")
}

// TestBrokenLogEndsTheLoad checks that nobody waits an hour for a record that
// is not there.
func TestBrokenLogEndsTheLoad(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, _ := load(t, s.URL, 10*time.Millisecond, 360_000)
	cfg.Log = brokenLog{}
	cell, err := Run(context.Background(), cfg)
	if err == nil || !strings.Contains(err.Error(), "attack: write record: no space left on device") {
		t.Errorf("error %v, want the log's", err)
	}
	if cell.Ledger.Sent == 0 || cell.Ledger.Sent > 10_000 {
		t.Errorf("ledger %+v, want an early end", cell.Ledger)
	}
	if cell.Stopped || cell.Window >= cfg.Span {
		t.Errorf("stopped %v, window %v of %v; want it cut short, by nobody", cell.Stopped, cell.Window, cfg.Span)
	}
}
