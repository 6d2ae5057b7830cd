package attack

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"
)

// flaky answers the first requests that it sees as told, and all others right.
type flaky struct {
	t     *testing.T
	first []func(w http.ResponseWriter)
	mu    sync.Mutex
	seen  int
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen++
	n := f.seen
	f.mu.Unlock()
	if n <= len(f.first) {
		f.first[n-1](w)
		return
	}
	answer(f.t, w, r)
}

// put makes requests that mean the same when they are sent twice.
type put struct{ echo }

func (p put) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	r, err := p.echo.Encode(id, batch)
	r.Method = http.MethodPut
	return r, err
}

// retried is a load of ten requests, one after the other.
func retried(t *testing.T, url string, post bool) Config {
	t.Helper()
	cfg, _ := load(t, url, time.Millisecond, 10)
	cfg.MaxInFlight = 1
	if !post {
		c, err := corpus.Build(corpus.Config{
			Generator: question{}, Protocol: put{}, Size: 20, Batch: 1, Seed: 1,
			Model: twoClasses(func(features []float32) float32 { return features[0] }),
		})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Corpus = c
	}
	return cfg
}

// TestRetries sends one request after the other, of which the first meets failures.
func TestRetries(t *testing.T) {
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	abort := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	all := Retries{Attempts: 3, Classes: []string{record.ErrorClosed}, Statuses: []protocol.Statuses{{First: 503, Last: 503}}, Backoff: time.Millisecond}
	for _, c := range []struct {
		name    string
		first   []func(http.ResponseWriter)
		retries Retries
		post    bool // a request that is not idempotent
		twice   bool // and may be sent again all the same
		ok      int64
		want    record.Retries
		asked   int
	}{
		{"none", []func(http.ResponseWriter){status(503)}, Retries{}, false, false, 9, record.Retries{}, 10},
		{"a status", []func(http.ResponseWriter){status(503)}, all, false, false, 10, record.Retries{Requests: 1, Attempts: 1, OK: 1}, 11},
		{"another status", []func(http.ResponseWriter){status(500)}, all, false, false, 9, record.Retries{}, 10},
		{"closed", []func(http.ResponseWriter){abort, abort}, all, false, false, 10, record.Retries{Requests: 1, Attempts: 2, OK: 1}, 12},
		{"too often", []func(http.ResponseWriter){status(503), status(503), status(503)}, all, false, false, 9, record.Retries{Requests: 1, Attempts: 2}, 12},
		{"not idempotent", []func(http.ResponseWriter){status(503)}, all, true, false, 9, record.Retries{}, 10},
		{"not idempotent, but permitted", []func(http.ResponseWriter){status(503)}, all, true, true, 10, record.Retries{Requests: 1, Attempts: 1, OK: 1}, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := &flaky{t: t, first: c.first}
			s := httptest.NewServer(server)
			defer s.Close()
			cfg := retried(t, s.URL, c.post)
			cfg.Retries, cfg.HTTP = c.retries, transport.Options{RetryNonIdempotent: c.twice}
			cell, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			l := cell.Ledger
			if l.Sent != 10 || l.OK != c.ok || l.Failed != 10-c.ok || cell.Retries != c.want || server.seen != c.asked {
				t.Errorf("ledger %+v, retries %+v, %d requests seen; want %d OK, %+v, %d seen (%+v)", l, cell.Retries, server.seen, c.ok, c.want, c.asked, cell.Errors)
			}
		})
	}
}

// TestRetriesCountInTheLatency waits for the backoff, twice as long the second time.
func TestRetriesCountInTheLatency(t *testing.T) {
	refuse := func(w http.ResponseWriter) { w.WriteHeader(503) }
	s := httptest.NewServer(&flaky{t: t, first: []func(http.ResponseWriter){refuse, refuse}})
	defer s.Close()
	cfg := retried(t, s.URL, false)
	cfg.Retries = Retries{Attempts: 3, Statuses: []protocol.Statuses{{First: 503, Last: 503}}, Backoff: 50 * time.Millisecond}
	cell, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if cell.Ledger.OK != 10 || cell.Elapsed < 150*time.Millisecond {
		t.Errorf("ledger %+v in %v, want 10 OK and the first not before 150 ms", cell.Ledger, cell.Elapsed)
	}
}

// TestRetryOfARefusedConnection sends a request of any method again, since no server has it.
func TestRetryOfARefusedConnection(t *testing.T) {
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	cfg := retried(t, "http://"+targets.Address(targets.Loopback, port), true)
	cfg.Retries = Retries{Attempts: 2, Classes: []string{record.ErrorRefused}, Backoff: time.Millisecond}
	cell, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := (record.Retries{Requests: 10, Attempts: 10}); cell.Retries != want || cell.Ledger.Failed != 10 {
		t.Errorf("retries %+v, ledger %+v, want %+v and 10 failed", cell.Retries, cell.Ledger, want)
	}
}
