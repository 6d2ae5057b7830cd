package attack

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
)

// closedLoad is a Config for a closed loop over a small corpus.
func closedLoad(t testing.TB, url string, concurrency int, span time.Duration) (Config, *memoryLog) {
	cfg, log := load(t, url, span, 1)
	closedLoop(&cfg, concurrency)
	return cfg, log
}

// closedLoop makes a load a closed loop.
func closedLoop(cfg *Config, concurrency int) {
	cfg.Arrivals, cfg.MaxInFlight, cfg.Concurrency = nil, 0, concurrency
}

// runClosed runs a closed loop and checks what holds for every one.
func runClosed(t *testing.T, ctx context.Context, cfg Config, log *memoryLog) record.Cell {
	t.Helper()
	cell := run(t, ctx, cfg, log)
	if l := cell.Ledger; l.Scheduled != l.Sent || cell.Offered != 0 {
		t.Errorf("ledger %+v, offered %v; want nothing scheduled that was not sent, and no offer", l, cell.Offered)
	}
	if in := cell.Instrument; in.WorkerCap != cfg.Concurrency {
		t.Errorf("%d workers of %d, want the cap to be %d workers", in.Workers, in.WorkerCap, cfg.Concurrency)
	}
	return cell
}

// TestWorkersWaitForTheirAnswers holds every answer for 20 ms.
func TestWorkersWaitForTheirAnswers(t *testing.T) {
	const service = 20 * time.Millisecond
	var at, most atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := at.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(service)
		at.Add(-1)
		answer(t, w, r)
	})
	cfg, log := closedLoad(t, s.URL, 4, 500*time.Millisecond)
	cell := runClosed(t, context.Background(), cfg, log)
	l := cell.Ledger
	if l.OK != l.Sent || l.Sent < 4 || l.Sent > 4*(500/20+1) {
		t.Errorf("ledger %+v, want all right, and no more than 4 workers can ask in half a second", l)
	}
	if cell.Instrument.Workers != 4 || most.Load() > 4 {
		t.Errorf("%d workers, %d at the server, want 4", cell.Instrument.Workers, most.Load())
	}
	if cell.Achieved <= 0 || cell.Stopped || cell.Window != cfg.Span {
		t.Errorf("achieved %v, stopped %v, window %v", cell.Achieved, cell.Stopped, cell.Window)
	}
	// A request is due when the answer before it came: its wait is its own.
	response, service50 := log.quantile(record.TagResponse, 50), log.quantile(record.TagService, 50)
	if response < service || service50 < service || service50 > response {
		t.Errorf("p50 of response time %v, of service time %v; want at least %v, lag being the difference", response, service50, service)
	}
}

// TestSlowAnswersOutlastTheSpan checks that the workers' last requests are
// waited for, and that nothing is sent after the span.
func TestSlowAnswersOutlastTheSpan(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		time.Sleep(300 * time.Millisecond)
		answer(t, w, r)
	})
	cfg, log := closedLoad(t, s.URL, 3, 100*time.Millisecond)
	cell := runClosed(t, context.Background(), cfg, log)
	if want := (record.Ledger{Scheduled: 3, Sent: 3, OK: 3}); cell.Ledger != want || n.Load() != 3 {
		t.Errorf("ledger %+v, %d at the server; want %+v", cell.Ledger, n.Load(), want)
	}
	if cell.Stopped || cell.Window+cell.Overtime < 300*time.Millisecond || cell.Window+cell.Overtime > cell.Elapsed {
		t.Errorf("stopped %v, overtime %v; want the end of the span to be no stop, and each worker's wait beyond it", cell.Stopped, cell.Overtime)
	}
}

// TestThinkingWorkers checks the law of a closed loop with think time: each of N
// workers asks once per response time and think time (J. Little's law: rate =
// N ÷ (response + think)).
func TestThinkingWorkers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := closedLoad(t, s.URL, 8, time.Second)
	rng := rand.New(rand.NewPCG(1, 0))
	cfg.Think = func() time.Duration {
		return time.Duration(rng.ExpFloat64() * float64(20*time.Millisecond))
	}
	cell := runClosed(t, context.Background(), cfg, log)
	if l := cell.Ledger; l.OK != l.Sent || l.Sent < 100 || l.Sent > 560 {
		t.Errorf("ledger %+v, want all right and nearly 8 workers × 50/s, never more but by chance", l)
	}
}

// TestWorkersStop stops workers that think for an hour.
func TestWorkersStop(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := closedLoad(t, s.URL, 2, 10*time.Hour)
	calls := 0
	cfg.Think = func() time.Duration {
		if calls++; calls <= 2 {
			return 0
		}
		return time.Hour
	}
	stop := make(chan struct{})
	cfg.Stop = stop
	time.AfterFunc(300*time.Millisecond, func() { close(stop) })
	cell := runClosed(t, context.Background(), cfg, log)
	if l := cell.Ledger; l.OK != 2 || l.Sent != 2 || !cell.Stopped || cell.Window >= cfg.Span {
		t.Errorf("ledger %+v, stopped %v, window %v; want both to have asked once", l, cell.Stopped, cell.Window)
	}
}

// TestWorkersAgainstMisfortune sends workers to a hostile server.
func TestWorkersAgainstMisfortune(t *testing.T) {
	for seed := range uint64(6) {
		hostile := hostileServer(t, seed)
		cfg, log := closedLoad(t, hostile.URL, 1+int(seed)*3, 150*time.Millisecond)
		cfg.Timeout = 50 * time.Millisecond
		if seed%2 == 1 {
			cfg.Think = func() time.Duration { return time.Millisecond }
		}
		if cell := runClosed(t, context.Background(), cfg, log); cell.Ledger.Sent == 0 {
			t.Errorf("seed %d: ledger %+v, want some sent", seed, cell.Ledger)
		}
	}
}

func TestWorkersMistakes(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"concurrency: -1": func(c *Config) { c.Concurrency = -1 },
		"arrivals: given beside a concurrency of 3": func(c *Config) { c.Concurrency = 3 },
		"think: given without concurrency":          func(c *Config) { c.Think = func() time.Duration { return 0 } },
		"due times, or a concurrency":               func(c *Config) { c.Arrivals = nil },
	} {
		cfg, _ := load(t, "http://127.0.0.1:9", time.Millisecond, 1)
		spoil(&cfg)
		if _, err := Run(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
