package attack

import (
	"context"
	"io"
	"net/http"
	"servebench/reports/record"
	"strings"
	"testing"
	"time"
)

// TestAbortOnErrors lets a server fail from half a second on.
func TestAbortOnErrors(t *testing.T) {
	start := time.Now()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if time.Since(start) > 500*time.Millisecond {
			io.Copy(io.Discard, r.Body)
			http.Error(w, "overloaded", http.StatusServiceUnavailable)
			return
		}
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 10*time.Millisecond, 3_000)
	cfg.Abort = &record.AbortOn{Errors: new(0.3), For: time.Second}
	cell := run(t, context.Background(), cfg, log)
	if !strings.HasPrefix(cell.Aborted, "abort_on: errors ") || !strings.Contains(cell.Aborted, "more than 30 %") {
		t.Errorf("aborted: %q, want the errors", cell.Aborted)
	}
	if cell.Stopped || cell.Window >= cfg.Span || cell.Ledger.Sent < 80 || cell.Ledger.Sent > 2_000 {
		t.Errorf("stopped %v, window %v, ledger %+v; want it cut short, by nobody, after a second", cell.Stopped, cell.Window, cell.Ledger)
	}
	if cell.Ledger.Scheduled != 3_000 {
		t.Errorf("ledger %+v, want the whole schedule in it", cell.Ledger)
	}
	checkAchieved(t, cell, cell.Window)
}

// TestAbortOnResponse hangs a server, whose requests have no response time yet.
func TestAbortOnResponse(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	for _, closed := range []bool{false, true} {
		cfg, log := load(t, s.URL, 20*time.Millisecond, 1_500)
		if closed {
			cfg, log = closedLoad(t, s.URL, 1, 30*time.Second)
		}
		cfg.Abort = &record.AbortOn{P99: 200 * time.Millisecond, For: time.Second}
		ctx, cancel := context.WithCancel(context.Background())
		cfg.Progress = func(p Progress) {
			if p.Elapsed > 2500*time.Millisecond {
				cancel() // the drain
			}
		}
		cell := run(t, ctx, cfg, log)
		cancel()
		if !strings.HasPrefix(cell.Aborted, "abort_on: response time over 200ms of ") || cell.Stopped {
			t.Errorf("closed %v: aborted: %q, stopped %v; want the response times", closed, cell.Aborted, cell.Stopped)
		}
		if cell.Ledger.Sent == 0 || cell.Ledger.Sent > 300 || cell.Ledger.Censored != cell.Ledger.Sent {
			t.Errorf("closed %v: ledger %+v, want an early end", closed, cell.Ledger)
		}
	}
}

// TestAbortOnInFlight does not wait for a window to be full.
func TestAbortOnInFlight(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 10*time.Millisecond, 3_000)
	cfg.Abort = &record.AbortOn{InFlight: 5, For: 5 * time.Second}
	time.AfterFunc(800*time.Millisecond, func() { close(release) })
	cell := run(t, context.Background(), cfg, log)
	if !strings.HasSuffix(cell.Aborted, " requests in flight, more than 5") {
		t.Errorf("aborted: %q, want the requests in flight", cell.Aborted)
	}
}

// TestHealthyLoadIsNotAborted has all conditions, and none of them holds.
func TestHealthyLoadIsNotAborted(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := load(t, s.URL, 10*time.Millisecond, 150)
	cfg.Abort = &record.AbortOn{Errors: new(0.01), P99: 20 * time.Second, InFlight: 200, For: time.Second}
	if cell := run(t, context.Background(), cfg, log); cell.Aborted != "" || cell.Ledger.OK != 150 {
		t.Errorf("aborted: %q, ledger %+v", cell.Aborted, cell.Ledger)
	}
}

// watched is a watch of windows of a second with a timeout of 2 s.
func watched(abort record.AbortOn) *watch {
	abort.For = time.Second
	return newWatch(Config{Abort: &abort, Timeout: 2 * time.Second}, 1)
}

// TestWatch plays requests every 10 ms by a clock of its own.
func TestWatch(t *testing.T) {
	const gap = 10 * time.Millisecond
	type outcome struct {
		after  time.Duration
		failed bool
	}
	fast, failure, timeout := outcome{gap, false}, outcome{gap, true}, outcome{2 * time.Second, true}
	for _, c := range []struct {
		name  string
		abort record.AbortOn
		give  func(k int) outcome
		want  string        // the first verdict
		at    time.Duration // when
	}{
		{"healthy", record.AbortOn{Errors: new(0.001), P99: time.Second}, func(int) outcome { return fast }, "", 0},
		{"half fail", record.AbortOn{Errors: new(0.4)}, func(k int) outcome {
			return outcome{gap, k%2 == 0}
		}, "errors 50 % of 100 requests due in the last 1s, more than 40 %", time.Second},
		{"as many as allowed", record.AbortOn{Errors: new(0.5)}, func(k int) outcome { return outcome{gap, k%2 == 0} }, "", 0},
		{"fail from 2 s on", record.AbortOn{Errors: new(0.2)}, func(k int) outcome {
			if k < 200 {
				return fast
			}
			return failure
		}, "errors 24 % of 100 requests due in the last 1s, more than 20 %", 2250 * time.Millisecond},
		{"time out for a while", record.AbortOn{Errors: new(0.9)}, func(k int) outcome {
			if k < 100 || k >= 200 {
				return fast
			}
			return timeout
		}, "errors 100 % of 100 requests due in the 1s that ended 2s earlier, more than 90 %", 4 * time.Second},
		{"slow", record.AbortOn{P99: time.Second}, func(k int) outcome { return outcome{1500 * time.Millisecond, false} },
			"response time over 1s of 25 % of 100 requests due in the 1s that ended", 1500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watched(c.abort)
			w.noteBegin(0, 0)
			pending := map[int]outcome{}
			for now := time.Duration(0); now <= 6*time.Second; now += gap {
				if now%abortEvery == 0 {
					if got := brokenCondition(&c.abort, w.windows(now), 0); got != "" {
						if !strings.HasPrefix(got, c.want) || c.want == "" || now != c.at {
							t.Errorf("at %v: %q, want %q at %v", now, got, c.want, c.at)
						}
						return
					}
				}
				k := int(now / gap)
				w.noteBegin(0, now+gap)
				pending[k] = c.give(k)
				for k, o := range pending {
					if due := time.Duration(k) * gap; due+o.after <= now {
						w.noteEnd(due, o.after, o.failed)
						delete(pending, k)
					}
				}
			}
			if c.want != "" {
				t.Errorf("no verdict, want %q", c.want)
			}
		})
	}
}

func TestAbortMistakes(t *testing.T) {
	cfg, _ := load(t, "http://127.0.0.1:1", time.Second, 1)
	cfg.Abort = &record.AbortOn{InFlight: 1, For: 500 * time.Millisecond}
	if err := cfg.check(); err == nil || !strings.Contains(err.Error(), "abort: for: 500ms") {
		t.Errorf("error %v, want one of the window", err)
	}
}
