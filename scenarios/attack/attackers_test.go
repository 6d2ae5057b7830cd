package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// intervals counts the values of an interval log by second and tag.
type intervals struct {
	*memoryLog
	counts map[string]int64
}

func (l *intervals) Interval(tag string, start, end time.Duration, h *hdrhistogram.Histogram) error {
	key := fmt.Sprint(tag, " ", start)
	if _, twice := l.counts[key]; twice {
		l.t.Errorf("two intervals %s", key)
	}
	l.counts[key] = h.TotalCount()
	return l.memoryLog.Interval(tag, start, end, h)
}

// TestAttackersShareTheLoad plays one schedule with one loop and with several, at
// a server that fails the requests it always fails, and compares what was
// measured but for the times.
func TestAttackersShareTheLoad(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body)%3 == 0 {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(t, w, r)
	})
	rng := rand.New(rand.NewPCG(1, 0))
	var dues []time.Duration
	for due := time.Duration(0); due < 2200*time.Millisecond; due += time.Duration(rng.ExpFloat64() * float64(10*time.Millisecond)) {
		dues = append(dues, due)
	}
	type told struct {
		Ledger    record.Ledger
		Errors    []record.ErrorCount
		Answers   record.Answers
		Slices    []record.Slice
		Intervals map[string]int64
		Offered   float64
		Sequence  []uint64
	}
	play := func(attackers int) told {
		cfg, log := load(t, s.URL, time.Millisecond, 1)
		counted := &intervals{memoryLog: log, counts: map[string]int64{}}
		var raw bytes.Buffer
		cfg.Arrivals, cfg.Span, cfg.Log, cfg.Raw, cfg.Attackers = slices.Values(dues), 2200*time.Millisecond, counted, &raw, attackers
		cell := run(t, context.Background(), cfg, log)
		if cell.Instrument.Attackers != attackers {
			t.Errorf("%d loops, want %d", cell.Instrument.Attackers, attackers)
		}
		for i := range cell.Slices {
			cell.Slices[i].InFlight = 0
		}
		return told{cell.Ledger, cell.Errors, cell.Answers, cell.Slices, counted.counts, cell.Offered, sequences(t, &raw)}
	}
	one := play(1)
	if one.Ledger.Sent != int64(len(dues)) || one.Ledger.Failed == 0 || one.Ledger.OK == 0 {
		t.Errorf("ledger %+v, want %d sent, some of them right", one.Ledger, len(dues))
	}
	for _, n := range []int{2, 3} {
		if diff := cmp.Diff(one, play(n)); diff != "" {
			t.Errorf("%d loops differ from one (-one +several):\n%s", n, diff)
		}
	}
}

// sequences returns the sequence numbers of a raw stream, ascending.
func sequences(t *testing.T, raw io.Reader) []uint64 {
	var seqs []uint64
	for decode := vegeta.NewDecoder(raw); ; {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			slices.Sort(seqs)
			return seqs
		} else if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, r.Seq)
	}
}

// TestAttackersAgainstMisfortune sends several loops to a hostile server, in open
// and closed loop, and stops some of them.
func TestAttackersAgainstMisfortune(t *testing.T) {
	for seed := range uint64(6) {
		hostile := hostileServer(t, seed)
		ctx, cancel := context.WithCancel(context.Background())
		cfg, log := load(t, hostile.URL, time.Millisecond, 150)
		if seed%2 == 0 {
			cfg, log = closedLoad(t, hostile.URL, 7, 150*time.Millisecond)
			cfg.Think = func() time.Duration { return time.Millisecond }
		}
		cfg.Attackers = 3
		cfg.Timeout = 50 * time.Millisecond
		if seed%3 == 0 {
			time.AfterFunc(80*time.Millisecond, cancel)
		}
		cell := run(t, ctx, cfg, log)
		cancel()
		if cfg.Concurrency == 0 && cell.Ledger.Scheduled != 150 {
			t.Errorf("seed %d: ledger %+v, want 150 scheduled", seed, cell.Ledger)
		}
	}
}

// TestAttackersShareTheCap lets a server hang that two loops may have three
// requests at: one loop has two of them and the other one.
func TestAttackersShareTheCap(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	cfg, log := load(t, s.URL, 4*time.Millisecond, 50)
	cfg.MaxInFlight, cfg.Attackers, cfg.Timeout = 3, 2, 400*time.Millisecond
	cell := run(t, context.Background(), cfg, log)
	if cell.Instrument.Workers != 3 || cell.Instrument.WorkerCap != 3 || cell.Ledger.Scheduled != 50 {
		t.Errorf("%d workers of %d, ledger %+v; want the cap of 3 reached", cell.Instrument.Workers, cell.Instrument.WorkerCap, cell.Ledger)
	}
	// More loops than that make no sense.
	cfg.Attackers = 9
	log = newMemoryLog(t)
	cfg.Log = log
	if cell := run(t, context.Background(), cfg, log); cell.Instrument.Attackers != 3 {
		t.Errorf("%d loops, want 3", cell.Instrument.Attackers)
	}
}
