package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestEveryAnswerRight(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
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
	if cell.Offered != 500 || cell.Elapsed < 198*time.Millisecond || cell.Span != 200*time.Millisecond {
		t.Errorf("offered %v, elapsed %v, span %v; want 500 per second for 200 ms", cell.Offered, cell.Elapsed, cell.Span)
	}
	if cell.Instrument.Dials < 1 || cell.Instrument.CPU <= 0 {
		t.Errorf("instrument %+v, want dials and CPU time", cell.Instrument)
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
	if cell.Good >= 200 || cell.Good < 40 {
		t.Errorf("%d good, want those due in the last half of the stall or outside it", cell.Good)
	}
}

func TestServerKilledInMidRun(t *testing.T) {
	var n atomic.Int64
	reached := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 50 {
			close(reached)
		}
		answer(t, w, r)
	}))
	go func() {
		<-reached
		s.Listener.Close()
		s.CloseClientConnections()
	}()
	cfg, log := load(t, s.URL, 2*time.Millisecond, 200)
	cell := run(t, context.Background(), cfg, log)
	s.Close()
	if cell.Ledger.Sent != 200 || cell.Ledger.OK < 40 || cell.Ledger.Censored != 0 {
		t.Errorf("ledger %+v, want all sent and some right", cell.Ledger)
	}
	got := classes(cell)
	if got["refused"] < 1 || got["refused"]+got["reset"] != cell.Ledger.Failed {
		t.Errorf("errors %+v, want connections refused, and reset at most", cell.Errors)
	}
}

func TestHangingServer(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	cfg, log := load(t, s.URL, 5*time.Millisecond, 80)
	cfg.Timeout = 200 * time.Millisecond
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger.Sent != 80 || cell.Ledger.OK != 0 {
		t.Errorf("ledger %+v, want all sent and none right", cell.Ledger)
	}
	// The last ones reach their timeout when the drain ends: either may win.
	if got := classes(cell); got["timeout"] < 40 || got["timeout"] != cell.Ledger.Failed {
		t.Errorf("errors %+v, want timeouts alone", cell.Errors)
	}
}

// TestHangingServerBindsTheCap checks that a load that cannot be sent ends all
// the same, and says so: two requests time out, two more are sent in their
// place, and those are still in flight when the drain ends.
func TestHangingServerBindsTheCap(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	cfg, log := load(t, s.URL, 4*time.Millisecond, 50)
	cfg.MaxInFlight = 2
	cfg.Timeout = 400 * time.Millisecond
	cell := run(t, context.Background(), cfg, log)
	if want := (record.Ledger{Scheduled: 50, Sent: 4, Failed: 2, Censored: 2}); cell.Ledger != want {
		t.Errorf("ledger %+v, want %+v", cell.Ledger, want)
	}
}

func TestAnswerCutOff(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "0.5")
	})
	cfg, log := load(t, s.URL, 2*time.Millisecond, 20)
	cell := run(t, context.Background(), cfg, log)
	if got := classes(cell); got["reset"] != 20 {
		t.Errorf("errors %+v, want 20 reset", cell.Errors)
	}
}

// TestEndlessAnswer checks that a server that never stops talking fills no
// memory and holds nothing up.
func TestEndlessAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	cfg, log := load(t, s.URL, 2*time.Millisecond, 2)
	cell := run(t, context.Background(), cfg, log)
	if got := classes(cell); got["decode"] != 2 {
		t.Errorf("errors %+v, want 2 answers that are too long", cell.Errors)
	}
}

func TestStatusIsAFailure(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if n.Add(1)%2 == 0 {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		http.Error(w, `{"error":"overloaded"}`, http.StatusServiceUnavailable)
	})
	cfg, log := load(t, s.URL, 2*time.Millisecond, 20)
	cell := run(t, context.Background(), cfg, log)
	if got := classes(cell); got["status 503"] != 10 || got["status 302"] != 10 {
		t.Errorf("errors %+v, want 10 times 503 and 10 times 302, not followed", cell.Errors)
	}
	for _, e := range cell.Errors {
		if e.Class == "status 503" && !strings.Contains(e.Example, "overloaded") {
			t.Errorf("example %q, want what the server said", e.Example)
		}
	}
	if n.Load() != 20 {
		t.Errorf("server saw %d requests, want 20", n.Load())
	}
}

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	cfg, log := load(t, s.URL, 2*time.Millisecond, 10)
	cell := run(t, context.Background(), cfg, log)
	if got := classes(cell); got["tls"] != 10 {
		t.Errorf("errors %+v, want 10 of class tls", cell.Errors)
	}
}

// received is what a server saw of one request.
type received struct {
	ID     string
	Header http.Header
	Body   string
}

// record1by1 runs a load of one request at a time and returns what the server
// received, in order.
func record1by1(t *testing.T, seed uint64) []received {
	var got []received
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var a ask
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &a)
		}
		if err != nil {
			t.Error(err)
		}
		if r.URL.RequestURI() != "/infer?v=1" || r.Method != http.MethodPost {
			t.Errorf("server received %s %s, want POST /infer?v=1", r.Method, r.URL.RequestURI())
		}
		got = append(got, received{ID: a.ID, Header: r.Header, Body: string(body)})
		fmt.Fprint(w, a.X)
	})
	cfg, log := load(t, s.URL, time.Millisecond, 50)
	cfg.MaxInFlight = 1
	cfg.OrderSeed = seed
	run(t, context.Background(), cfg, log)
	return got
}

// TestSameSeedSameRequests compares what the server sees, headers included.
func TestSameSeedSameRequests(t *testing.T) {
	a, b := record1by1(t, 7), record1by1(t, 7)
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a) != 50 {
		t.Errorf("two runs of one seed sent\n%v\nand\n%v", a, b)
	}
	for name := range a[0].Header {
		if strings.HasPrefix(name, "X-Vegeta") || strings.HasPrefix(name, "Idempotency") {
			t.Errorf("header %s reached the server", name)
		}
	}
	if other := record1by1(t, 8); fmt.Sprint(a) == fmt.Sprint(other) {
		t.Error("another seed sent the same requests in the same order")
	}
}

// TestRequestFollowsOrder checks that the k-th request carries the entry of the
// corpus that the order gives it.
func TestRequestFollowsOrder(t *testing.T) {
	o := newOrder(20, 7)
	for k, r := range record1by1(t, 7) {
		if want := fmt.Sprintf("servebench-%d", o.at(uint64(k))); r.ID != want {
			t.Fatalf("request %d has the id %s, want %s", k, r.ID, want)
		}
	}
}

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
}

// TestLedgerBalances throws every misfortune at a load, at random.
func TestLedgerBalances(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			hostile := hostileServer(t, seed)
			cfg, log := load(t, hostile.URL, time.Millisecond, 100+rng.IntN(100))
			cfg.MaxInFlight = 1 + rng.IntN(64)
			cfg.Timeout = time.Duration(20+rng.IntN(100)) * time.Millisecond
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			switch stop := make(chan struct{}); rng.IntN(3) {
			case 0:
				cfg.Stop = stop
				time.AfterFunc(time.Duration(rng.IntN(150))*time.Millisecond, func() { close(stop) })
			case 1:
				time.AfterFunc(time.Duration(rng.IntN(150))*time.Millisecond, cancel)
			}
			cell := run(t, ctx, cfg, log) // checks the accounts
			if want := int64(cfg.Span / time.Millisecond); cell.Ledger.Scheduled != want {
				t.Errorf("ledger %+v, want %d scheduled", cell.Ledger, want)
			}
		})
	}
}

// hostileServer answers, hangs, resets, cuts off and fails at random, and dies
// in the end.
func hostileServer(t *testing.T, seed uint64) *httptest.Server {
	var n atomic.Uint64
	release := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := n.Add(1)
		switch rng := rand.New(rand.NewPCG(seed, k)); rng.IntN(6) {
		case 0:
			<-release
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "0.")
		case 3:
			w.WriteHeader(500 + rng.IntN(5))
		default:
			answer(t, w, r)
		}
	}))
	s.Config.ErrorLog = quiet()
	s.Start()
	if seed%3 == 0 {
		timer := time.AfterFunc(80*time.Millisecond, func() {
			s.Listener.Close()
			s.CloseClientConnections()
		})
		t.Cleanup(func() { timer.Stop() })
	}
	t.Cleanup(func() {
		close(release)
		s.Close()
	})
	return s
}

func TestNoArrivals(t *testing.T) {
	cfg, log := load(t, "http://127.0.0.1:9", time.Millisecond, 0)
	cfg.Span = time.Second
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger != (record.Ledger{}) || len(cell.Slices) != 1 {
		t.Errorf("cell %+v, want an empty one", cell)
	}
}

func TestRawStreamIsVegetas(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 3 {
			panic(http.ErrAbortHandler)
		}
		answer(t, w, r)
	})
	s.Config.ErrorLog = quiet()
	cfg, log := load(t, s.URL, 2*time.Millisecond, 30)
	var raw bytes.Buffer
	cfg.Raw = &raw
	cell := run(t, context.Background(), cfg, log)

	decode := vegeta.NewDecoder(&raw)
	var seqs []uint64
	failed := 0
	for {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, r.Seq)
		if r.URL != s.URL+"/infer?v=1" || r.Method != http.MethodPost {
			t.Errorf("result of %s %s, want what was sent", r.Method, r.URL)
		}
		if r.Error != "" {
			failed++
			if strings.Contains(r.Error, placeholderURL) {
				t.Errorf("error %q names the placeholder", r.Error)
			}
		}
	}
	slices.Sort(seqs)
	if len(seqs) != 30 || seqs[0] != 0 || seqs[29] != 29 || failed != int(cell.Ledger.Failed) {
		t.Errorf("%d results %v with %d errors, want 30 with %d", len(seqs), seqs, failed, cell.Ledger.Failed)
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

// TestClosedIdleConnectionIsRetried lets the server close connections between
// requests, as servers with a short keep-alive do.
func TestClosedIdleConnectionIsRetried(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 2 {
			// Closed with an answer due, on a connection used before: what an
			// idle timeout that fires in the wrong moment looks like.
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
			return
		}
		answer(t, w, r)
	})
	cfg, log := load(t, s.URL, 20*time.Millisecond, 5)
	cfg.MaxInFlight = 1
	cell := run(t, context.Background(), cfg, log)
	if cell.Ledger.OK != 5 || cell.Instrument.Retries != 1 {
		t.Errorf("ledger %+v, %d retries, errors %+v; want 5 right and one counted retry", cell.Ledger, cell.Instrument.Retries, cell.Errors)
	}
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
