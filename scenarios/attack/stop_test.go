package attack

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/arrivals"

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
	if !cell.Stopped || cell.Window <= 0 || cell.Window >= cell.Elapsed {
		t.Errorf("stopped %v, window %v, elapsed %v; want a window that ends at the stop, before the last answer",
			cell.Stopped, cell.Window, cell.Elapsed)
	}
	if cell.Good != l.OK {
		t.Errorf("%d good of %d; want those in flight at the stop too", cell.Good, l.OK)
	}
	checkAchieved(t, cell, cell.Window)
}

// TestEndingEarlyWalksNoFurther ends a month of every arrival process after its beginning, in all
// the ways there are, and counts the arrivals that were looked at: about those that
// were due. The others are a number, and have no slices.
func TestEndingEarlyWalksNoFurther(t *testing.T) {
	var due []int64 // arrivals in each hour, for a trace
	for range 720 {
		due = append(due, 360_000)
	}
	const month = 720 * time.Hour
	base := arrivals.Config{
		Rate: 100, Duration: month, Burstiness: 0.5, To: 200, Steps: 10, Amplitude: 50, Period: time.Hour,
		At: 300 * time.Hour, For: time.Hour,
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	refused := serve(t, func(http.ResponseWriter, *http.Request) {})
	refused.Close()
	ends := []func(*Config) context.Context{
		func(cfg *Config) context.Context { // ^C
			stop := make(chan struct{})
			cfg.Stop, cfg.Progress = stop, onceSending(func() { close(stop) })
			return context.Background()
		},
		func(cfg *Config) context.Context { // ^C twice
			ctx, cancel := context.WithCancel(context.Background())
			cfg.Progress = onceSending(cancel)
			return ctx
		},
		func(cfg *Config) context.Context { // abort_on
			cfg.Endpoint.URL = refused.URL
			cfg.Abort = &record.AbortOn{Errors: new(0.1), For: time.Second}
			return context.Background()
		},
	}
	for i, kind := range arrivals.Kinds() {
		config := base
		if kind.Name == "trace" {
			config = arrivals.Config{Trace: &arrivals.Trace{Counts: due, Interval: time.Hour}}
		}
		process, err := kind.New(config)
		if err != nil {
			t.Fatal(err)
		}
		seq := process.Arrivals(rand.New(rand.NewPCG(1, 2)))
		for attackers := range 2 {
			var walked atomic.Int64
			cfg, log := load(t, s.URL, month, 1)
			cfg.Attackers, cfg.Scheduled = 1+attackers, process.Shape().Arrivals
			cfg.Arrivals = func(yield func(time.Duration) bool) {
				for at := range seq {
					if walked.Add(1); !yield(at) {
						return
					}
				}
			}
			ctx := ends[(i+attackers)%len(ends)](&cfg)
			cell := run(t, ctx, cfg, log)
			l := cell.Ledger
			if cell.Window >= time.Minute || l.Scheduled != process.Shape().Arrivals || l.Sent == 0 {
				t.Errorf("%s: ledger %+v after %v, want some sent of %d", kind.Name, l, cell.Window, process.Shape().Arrivals)
			}
			// Each loop walks the whole schedule, some blocks ahead.
			if most := int64(1+attackers) * (2*l.Sent + 1000); walked.Load() > most {
				t.Errorf("%s: %d arrivals looked at, %d sent; want at most %d", kind.Name, walked.Load(), l.Sent, most)
			}
			if len(cell.Slices) > 60 {
				t.Errorf("%s: %d slices of a load that ended after %v", kind.Name, len(cell.Slices), cell.Window)
			}
		}
	}
}

// onceSending returns a watcher of a load that calls end once, as soon as requests were sent.
func onceSending(end func()) func(Progress) {
	var once sync.Once
	return func(p Progress) {
		if p.Sent > 0 {
			once.Do(end)
		}
	}
}

// TestStopOfALongClosedLoop has no schedule to walk, and no slices after its end.
func TestStopOfALongClosedLoop(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := closedLoad(t, s.URL, 2, 720*time.Hour)
	cfg.Think = func() time.Duration { return 5 * time.Millisecond }
	stop := make(chan struct{})
	cfg.Stop, cfg.Progress = stop, onceSending(func() { close(stop) })
	cell := runClosed(t, context.Background(), cfg, log)
	if cell.Ledger.Sent == 0 || len(cell.Slices) > 60 {
		t.Errorf("ledger %+v, %d slices", cell.Ledger, len(cell.Slices))
	}
}

// TestEndOfTheServerEndsTheLoad sends on for a moment after the server has ended: what
// its users meet is counted.
func TestEndOfTheServerEndsTheLoad(t *testing.T) {
	for name, load := range map[string]func(*testing.T, string) (Config, *memoryLog){
		"open":   func(t *testing.T, url string) (Config, *memoryLog) { return load(t, url, 10*time.Millisecond, 30_000) },
		"closed": func(t *testing.T, url string) (Config, *memoryLog) { return closedLoad(t, url, 2, 5*time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
			cfg, log := load(t, s.URL)
			if cfg.Concurrency > 0 {
				cfg.Think = func() time.Duration { return 5 * time.Millisecond }
			}
			ended := make(chan struct{})
			cfg.ServerEnded = ended
			time.AfterFunc(300*time.Millisecond, func() {
				s.Close()
				close(ended)
			})
			cell := run(t, context.Background(), cfg, log)
			l := cell.Ledger
			if cell.Aborted != "the server ended" || cell.Stopped || cell.Window >= time.Minute {
				t.Errorf("aborted %q, stopped %v, after %v", cell.Aborted, cell.Stopped, cell.Window)
			}
			if l.OK == 0 || l.Failed == 0 || l.OK+l.Failed+l.Censored != l.Sent {
				t.Errorf("ledger %+v, want answers before the end and failures after it", l)
			}
		})
	}
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
