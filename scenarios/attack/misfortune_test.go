package attack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

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
	if got["refused"] < 1 || got["refused"]+got["closed"] != cell.Ledger.Failed {
		t.Errorf("errors %+v, want connections refused, and reset at most", cell.Errors)
	}
}

// TestHangingServer asks a server that never answers. Whatever ends the sending, every
// request gets its whole timeout, and none is given up before.
func TestHangingServer(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"to the end":         func(*Config) {},
		"through net/http":   func(cfg *Config) { cfg.HTTP.Standard = true },
		"HTTP/2":             func(cfg *Config) { cfg.HTTP.Version = transport.HTTP2 },
		"several attackers":  func(cfg *Config) { cfg.Attackers = 3 },
		"a closed loop":      func(cfg *Config) { closedLoop(cfg, 5) },
		"stopped":            func(cfg *Config) { cfg.Stop = stopAfter(100 * time.Millisecond) },
		"a closed one, too":  func(cfg *Config) { closedLoop(cfg, 5); cfg.Stop = stopAfter(100 * time.Millisecond) },
		"aborted":            func(cfg *Config) { cfg.Abort = &record.AbortOn{InFlight: 10, For: time.Second} },
		"the cap binds":      func(cfg *Config) { cfg.MaxInFlight = 2 },
		"last arrival early": func(cfg *Config) { cfg.Span = 10 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			s := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
			defer close(release)
			cfg, log := load(t, s.URL, 5*time.Millisecond, 80)
			cfg.Timeout = 200 * time.Millisecond
			change(&cfg)
			cell := run(t, context.Background(), cfg, log)
			l := cell.Ledger
			if l.Sent < 2 || l.Failed != l.Sent || classes(cell)["timeout"] != l.Sent {
				t.Errorf("ledger %+v, errors %+v; want timeouts alone", l, cell.Errors)
			}
			if cut := cfg.Stop != nil || cfg.Abort != nil || cfg.MaxInFlight == 2; !cut && cfg.Concurrency == 0 && l.Sent != 80 {
				t.Errorf("%d sent, want all 80", l.Sent)
			}
		})
	}
}

func stopAfter(d time.Duration) <-chan struct{} {
	stop := make(chan struct{})
	time.AfterFunc(d, func() { close(stop) })
	return stop
}

// TestHangingServerBindsTheCap checks that a load that cannot be sent ends all
// the same, and says so: two requests time out, two more are sent in their
// place, and those time out after the schedule's end.
func TestHangingServerBindsTheCap(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	cfg, log := load(t, s.URL, 4*time.Millisecond, 50)
	cfg.MaxInFlight = 2
	cfg.Timeout = 400 * time.Millisecond
	cell := run(t, context.Background(), cfg, log)
	if want := (record.Ledger{Scheduled: 50, Sent: 4, Failed: 4}); cell.Ledger != want {
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
	if got := classes(cell); got["closed"] != 20 {
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
	if got := classes(cell); got["too long"] != 2 {
		t.Errorf("errors %+v, want 2 answers that are too long", cell.Errors)
	}
}

// byStatus is bare, whose answers are judged by their status alone.
type byStatus struct{ bare }

func (byStatus) BodyLimit() int { return 0 }

func (byStatus) Decode(protocol.Response) (protocol.Reply, error) {
	return protocol.Reply{Answers: make([]generators.Answer, 1)}, nil
}

// TestLongAnswers reads answers that need not be compared to their end, however long
// they are, keeps their beginning, and lets one that never ends time out.
func TestLongAnswers(t *testing.T) {
	const length = 17 << 20
	chunk := make([]byte, 1<<20)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("x") == "" {
			t.Errorf("server received %s", r.URL)
		}
		switch {
		case r.Header.Get("Endless") != "":
			for {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		case r.Header.Get("Sized") != "":
			w.Header().Set("Content-Length", fmt.Sprint(length))
		}
		for range length / len(chunk) {
			w.Write(chunk)
		}
	})
	for name, options := range map[string]transport.Options{
		"own client": {}, "net/http": {Standard: true}, "HTTP/2": {Version: transport.HTTP2},
	} {
		for _, kind := range []string{"", "Sized", "Endless"} {
			cfg, log := load(t, s.URL, 2*time.Millisecond, 3)
			var raw bytes.Buffer
			var err error
			cfg.Corpus, err = corpus.Build(corpus.Config{Generator: question{}, Protocol: marked{byStatus{}, kind}, Size: 3, Batch: 1, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			cfg.HTTP, cfg.Raw = options, &raw
			if kind == "Endless" {
				cfg.Timeout = 300 * time.Millisecond
			}
			cell := run(t, context.Background(), cfg, log)
			if kind == "Endless" {
				if classes(cell)["timeout"] != 3 {
					t.Errorf("%s: errors %+v, want 3 answers that never end to time out", name, cell.Errors)
				}
				continue
			}
			if cell.Ledger.OK != 3 {
				t.Errorf("%s, %q: ledger %+v, errors %+v; want 3 right", name, kind, cell.Ledger, cell.Errors)
			}
			for decode, k := vegeta.NewDecoder(&raw), 0; k < 3; k++ {
				var r vegeta.Result
				if err := decode(&r); err != nil || r.BytesIn != length || len(r.Body) > rawBody {
					t.Errorf("%s, %q: result of %d bytes, %d of them kept, %v; want %d", name, kind, r.BytesIn, len(r.Body), err, length)
				}
			}
		}
	}
}

// marked is a protocol whose requests have a header field.
type marked struct {
	byStatus
	field string
}

func (m marked) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	r, err := m.byStatus.Encode(id, batch)
	r.Header = http.Header{}
	if m.field != "" {
		r.Header.Set(m.field, "1")
	}
	return r, err
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

// TestDroppedRequestIsNotRetried lets the server read a request on a connection that
// had been idle, and close it without an answer.
func TestDroppedRequestIsNotRetried(t *testing.T) {
	withoutBody := func(_ testing.TB, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Query().Get("x")) }
	for _, standard := range []bool{false, true} {
		for method, answer := range map[string]func(testing.TB, http.ResponseWriter, *http.Request){"POST": answer, "GET": withoutBody} {
			t.Run(fmt.Sprintf("%s/net-http=%v", method, standard), func(t *testing.T) {
				s := serve(t, closing(t, answer))
				cfg, log := load(t, s.URL, 20*time.Millisecond, 5)
				if method == "GET" {
					var err error
					cfg.Corpus, err = corpus.Build(corpus.Config{Generator: question{}, Protocol: bare{}, Size: 5, Batch: 1, Seed: 1})
					if err != nil {
						t.Fatal(err)
					}
				}
				cfg.MaxInFlight, cfg.HTTP.Standard = 1, standard
				cell := run(t, context.Background(), cfg, log)
				if cell.Ledger.OK != 4 || classes(cell)["closed"] != 1 || cell.Instrument.Retries != 0 {
					t.Errorf("ledger %+v, %d retries, errors %+v; want 4 right, one failed, and no retry", cell.Ledger, cell.Instrument.Retries, cell.Errors)
				}
			})
		}
	}
}

// TestIdleCloseIsNoFailure lets the server close connections between requests, as
// servers with a short keep-alive do.
func TestIdleCloseIsNoFailure(t *testing.T) {
	for _, standard := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) }))
		s.Config.IdleTimeout = 20 * time.Millisecond
		s.Start()
		defer s.Close()
		cfg, log := load(t, s.URL, 200*time.Millisecond, 5)
		cfg.HTTP.Standard = standard
		cell := run(t, context.Background(), cfg, log)
		if cell.Ledger.OK != 5 {
			t.Errorf("net/http=%v: ledger %+v, errors %+v; want 5 right", standard, cell.Ledger, cell.Errors)
		}
	}
}

// TestNewConnectionPerRequest counts the connections of a load without keep-alive.
func TestNewConnectionPerRequest(t *testing.T) {
	for _, standard := range []bool{false, true} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
		cfg, log := load(t, s.URL, time.Millisecond, 50)
		cfg.HTTP.Standard, cfg.HTTP.NoKeepAlive = standard, true
		cell := run(t, context.Background(), cfg, log)
		if cell.Ledger.OK != 50 || cell.Instrument.Dials != 50 {
			t.Errorf("net/http=%v: ledger %+v, %d connections; want 50 right over 50", standard, cell.Ledger, cell.Instrument.Dials)
		}
	}
}

// bare is echo with the number in the path.
type bare struct{ echo }

func (bare) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	return protocol.Request{Method: http.MethodGet, Path: fmt.Sprint("/infer?x=", batch[0].Features[0])}, nil
}

// closing closes the connection of the second request and answers the others.
func closing(t *testing.T, answer func(testing.TB, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
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
	}
}
