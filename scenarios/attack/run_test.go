package attack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
)

// counting counts the bytes of bodies.
type counting struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c counting) Write(b []byte) (int, error) {
	c.bytes.Add(int64(len(b)))
	return c.ResponseWriter.Write(b)
}

func TestEveryAnswerRight(t *testing.T) {
	var asked, answered atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(r.ContentLength)
		answer(t, counting{w, &answered}, r)
	})
	cfg, log := load(t, s.URL, 2*time.Millisecond, 100)
	var last Progress
	cfg.Progress = func(p Progress) { last = p }
	cell := run(t, context.Background(), cfg, log)

	if want := (record.Ledger{Scheduled: 100, Sent: 100, OK: 100}); cell.Ledger != want {
		t.Errorf("ledger %+v, want %+v; errors %+v", cell.Ledger, want, cell.Errors)
	}
	if want := (record.Answers{Checked: 100, Agreed: 100, Labelled: 100, Correct: 100}); cell.Answers != want {
		t.Errorf("answers %+v, want %+v", cell.Answers, want)
	}
	if cell.Good != 100 {
		t.Errorf("%d good answers, want all of them without a deadline", cell.Good)
	}
	if cell.RequestBytes != asked.Load() || cell.AnswerBytes != answered.Load() || cell.AnswerBytes == 0 {
		t.Errorf("bodies of %d and %d bytes, want %d and %d", cell.RequestBytes, cell.AnswerBytes, asked.Load(), answered.Load())
	}
	if cell.Offered != 500 || cell.Elapsed < 198*time.Millisecond || cell.Span != 200*time.Millisecond {
		t.Errorf("offered %v, elapsed %v, span %v; want 500 per second for 200 ms", cell.Offered, cell.Elapsed, cell.Span)
	}
	if cell.Instrument.Dials < 1 || cell.Instrument.CPU <= 0 {
		t.Errorf("instrument %+v, want dials and CPU time", cell.Instrument)
	}
	in := cell.Instrument
	if in.SchedMax <= 0 || in.SchedP99 > in.SchedMax || in.Attackers != 1 || in.Gaps.N != 99 || in.Gaps.Planned != 0 {
		t.Errorf("instrument %+v, want the scheduler's latencies, one attacker, and 99 equal gaps planned", in)
	}
	if last.Sent != 100 || last.Done != 100 || last.Failed != 0 || last.InFlight != 0 {
		t.Errorf("last progress %+v, want all done", last)
	}
}

func TestWrongAnswersAreFailures(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, 2.5)
		case 1:
			io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, "<html>")
		default:
			answer(t, w, r)
		}
	})
	cfg, log := load(t, s.URL, time.Millisecond, 80)
	cell := run(t, context.Background(), cfg, log)
	if got := classes(cell); got["wrong answer"] != 20 || got["decode"] != 20 || cell.Ledger.OK != 40 {
		t.Errorf("errors %+v, ledger %+v; want 20 wrong, 20 that do not decode, 40 right", cell.Errors, cell.Ledger)
	}
	if cell.Answers.Checked != 60 || cell.Answers.Agreed != 40 || cell.Good != 40 {
		t.Errorf("answers %+v and %d good, want 40 agreed of 60 and 40 good", cell.Answers, cell.Good)
	}
}

// TestStragglerIsOneOfMany hangs one request of many until its timeout, which
// says nothing about the throughput of the others, nor about how busy the
// generator was while it sent.
func TestStragglerIsOneOfMany(t *testing.T) {
	var n atomic.Int64
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 50 {
			<-release
			return
		}
		answer(t, w, r)
	})
	defer close(release)
	cfg, log := load(t, s.URL, 5*time.Millisecond, 100)
	cfg.Timeout = 2 * time.Second
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger.OK != 99 || cell.Elapsed < 2*time.Second {
		t.Fatalf("ledger %+v, elapsed %v; want one straggler", cell.Ledger, cell.Elapsed)
	}
	if cell.Window != cfg.Span || cell.Good != 99 || cell.Stopped {
		t.Errorf("window %v, %d good, stopped %v; want all that were answered", cell.Window, cell.Good, cell.Stopped)
	}
	in := cell.Instrument
	if in.SendingTime < 490*time.Millisecond || in.SendingTime > time.Second || in.SendingCPU <= 0 || in.SendingCPU > in.CPU {
		t.Errorf("%v of CPU in %v of sending, %v in all; want the drain left out", in.SendingCPU, in.SendingTime, in.CPU)
	}
}

// TestDrainIsNoStop lets a request hang beyond its drain, which ends inside the
// span of the schedule because the last arrival is early.
func TestDrainIsNoStop(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	cfg, log := load(t, s.URL, time.Millisecond, 5)
	cfg.Span, cfg.Timeout = time.Second, 100*time.Millisecond
	cell := run(t, context.Background(), cfg, log)
	if cell.Stopped || cell.Window != cfg.Span {
		t.Errorf("stopped %v, window %v; want the whole span", cell.Stopped, cell.Window)
	}
	checkAchieved(t, cell, cfg.Span)
}

// TestStallIsToldInFull stalls the server for a second. Every request due in
// that second waits for its end, whenever it could be sent.
func TestStallIsToldInFull(t *testing.T) {
	const stall = time.Second
	var start atomic.Pointer[time.Time]
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		start.CompareAndSwap(nil, &now)
		if since := now.Sub(*start.Load()); since > 200*time.Millisecond {
			time.Sleep(200*time.Millisecond + stall - since)
		}
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 5*time.Millisecond, 240)
	cfg.MaxInFlight = 4 // binds during the stall
	cfg.Deadline = stall / 2
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger.OK != 240 {
		t.Fatalf("ledger %+v, want everything sent and right", cell.Ledger)
	}
	// A quarter of the 200 requests due in the stall waited longer than three
	// quarters of it, though only four were on the wire.
	if p := log.quantile(record.TagResponse, 90); p < stall/2 {
		t.Errorf("p90 of response time %v, want the stall to show", p)
	}
	if p := log.quantile(record.TagService, 90); p > stall/4 {
		t.Errorf("p90 of service time %v, want what the few requests on the wire saw", p)
	}
	if cell.Instrument.Workers != 4 {
		t.Errorf("%d workers, want the cap of 4 reached", cell.Instrument.Workers)
	}
	// The 100 due in the first half of it are late whatever the machine is like.
	if cell.Good > 141 || cell.Good == 0 {
		t.Errorf("%d good, want at most those due in the last half of the stall or outside it", cell.Good)
	}
}

func TestNoArrivals(t *testing.T) {
	cfg, log := load(t, "http://127.0.0.1:9", time.Millisecond, 0)
	cfg.Span = time.Second
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger != (record.Ledger{}) || len(cell.Slices) != 1 {
		t.Errorf("cell %+v, want an empty one", cell)
	}
}

// viaTransport counts what passes through it.
type viaTransport struct {
	http.RoundTripper
	n atomic.Int64
}

func (v *viaTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	v.n.Add(1)
	return v.RoundTripper.RoundTrip(r)
}

func TestEndpointTransport(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	inner := &http.Transport{}
	via := &viaTransport{RoundTripper: inner}
	cfg, log := load(t, s.URL, 2*time.Millisecond, 20)
	cfg.Endpoint.Transport = via
	cell, err := Run(context.Background(), cfg)
	inner.CloseIdleConnections()
	if err != nil || cell.Ledger.OK != 20 || via.n.Load() != 20 {
		t.Errorf("ledger %+v, error %v, %d requests through the transport; want 20", cell.Ledger, err, via.n.Load())
	}
	checkAccounts(t, cell, log)
	checkNothingLeft(t)
}

func TestConfigMistakes(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"corpus: none":     func(c *Config) { c.Corpus = nil },
		"arrivals: none":   func(c *Config) { c.Arrivals = nil },
		"span: 0s":         func(c *Config) { c.Span = 0 },
		"timeout: -1s":     func(c *Config) { c.Timeout = -time.Second },
		"max in flight: 0": func(c *Config) { c.MaxInFlight = 0 },
		"log: none":        func(c *Config) { c.Log = nil },
		"want http://HOST": func(c *Config) { c.Endpoint.URL = "ftp://127.0.0.1" },
		"prepare request":  func(c *Config) { c.Endpoint.URL = "http://[" },
	} {
		cfg, _ := load(t, "http://127.0.0.1:9", time.Millisecond, 1)
		spoil(&cfg)
		_, err := Run(context.Background(), cfg)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "attack: ") {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
