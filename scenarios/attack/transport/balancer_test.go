package transport

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
)

// replica is a server that counts its connections and requests.
type replica struct {
	*httptest.Server
	conns, requests atomic.Int64
	answer          func() // before it answers
}

func newReplica(t *testing.T) *replica {
	t.Helper()
	r := &replica{answer: func() {}}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.requests.Add(1)
		r.answer()
		w.Write([]byte("ok"))
	}))
	r.Config.Protocols = new(http.Protocols)
	r.Config.Protocols.SetHTTP1(true)
	r.Config.Protocols.SetUnencryptedHTTP2(true)
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.conns.Add(1)
		}
	}
	r.Start()
	t.Cleanup(r.Close)
	return r
}

func (r *replica) address() string { return r.Listener.Addr().String() }

// clients are the ways in which requests are carried.
func clients() map[string]func(*Config) {
	return map[string]func(*Config){
		"own":              func(*Config) {},
		"net/http":         func(cfg *Config) { cfg.Standard = true },
		"net/http, HTTP/2": func(cfg *Config) { cfg.Version = HTTP2 },
	}
}

// TestConnectionLifetime sends requests one after the other over connections that are too
// old as soon as they have carried one, or never.
func TestConnectionLifetime(t *testing.T) {
	const n = 20
	for name, client := range clients() {
		for lifetime, want := range map[time.Duration]int64{time.Nanosecond: n, time.Hour: 1, 0: 1} {
			t.Run(fmt.Sprint(name, " ", lifetime), func(t *testing.T) {
				server := newReplica(t)
				endpoint := targets.Endpoint{URL: server.URL}
				tr := carrier{}.dial(t, endpoint, func(cfg *Config) { client(cfg); cfg.ConnectionLifetime = lifetime })
				m := message(t, endpoint, "POST", "question")
				for range n {
					answered(t, tr, m)
				}
				if got := server.conns.Load(); got != want || tr.Stats().Dials != want || tr.Stats().Retries != 0 || server.requests.Load() != n {
					t.Errorf("%d connections for %d requests, %+v; want %d for %d and no retries", got, server.requests.Load(), tr.Stats(), want, n)
				}
			})
		}
	}
}

// TestConnectionsOpenedAheadLive expects connections that were opened ahead to have
// lifetimes as well.
func TestConnectionsOpenedAheadLive(t *testing.T) {
	for name, client := range clients() {
		t.Run(name, func(t *testing.T) {
			server := newReplica(t)
			endpoint := targets.Endpoint{URL: server.URL}
			tr := carrier{}.dial(t, endpoint, func(cfg *Config) { client(cfg); cfg.ConnectionLifetime = time.Nanosecond })
			tr.Warm(t.Context(), 1)
			answered(t, tr, message(t, endpoint, "POST", "question"))
			if dials := tr.Stats().Dials; dials != 2 {
				t.Errorf("%d connections opened, want one ahead and another for the request", dials)
			}
		})
	}
}

// TestLifetimeEndsNoRequest lets requests be on their way for longer than connections may
// be used, while others get new ones.
func TestLifetimeEndsNoRequest(t *testing.T) {
	for name, client := range clients() {
		t.Run(name, func(t *testing.T) {
			server := newReplica(t)
			var arrived sync.WaitGroup
			const n = 4
			arrived.Add(n)
			server.answer = func() { arrived.Done(); arrived.Wait() } // all at once
			endpoint := targets.Endpoint{URL: server.URL}
			tr := carrier{}.dial(t, endpoint, func(cfg *Config) { client(cfg); cfg.ConnectionLifetime = time.Nanosecond })
			m := message(t, endpoint, "POST", "question")
			var sending sync.WaitGroup
			for range n {
				sending.Go(func() { answered(t, tr, m) })
			}
			sending.Wait()
			if retries := tr.Stats().Retries; retries != 0 {
				t.Errorf("%d retries, want none", retries)
			}
		})
	}
}

// TestLifetimesAreSpread expects connections that were opened together to end one after
// the other.
func TestLifetimesAreSpread(t *testing.T) {
	const n = 100
	d, now := &dialer{lifetime: 10 * time.Second}, time.Now()
	var parts [10]int
	for k := range int64(n) {
		lifetime := d.until(now, k).Sub(now)
		if lifetime <= 8*time.Second || lifetime > 10*time.Second {
			t.Fatalf("connection %d lives for %v, want more than 8 s and at most 10 s", k, lifetime)
		}
		parts[min(9, (lifetime-8*time.Second)/(200*time.Millisecond))]++
		if again := d.until(now, k).Sub(now); again != lifetime {
			t.Errorf("connection %d lives for %v and then for %v", k, lifetime, again)
		}
	}
	for i, count := range parts {
		if count < n/10-2 || count > n/10+2 {
			t.Errorf("%d of %d lifetimes in the %d. tenth, want about %d", count, n, i+1, n/10)
		}
	}
}

// TestBalance spreads requests over replicas that come and go.
func TestBalance(t *testing.T) {
	for name, client := range clients() {
		t.Run(name, func(t *testing.T) {
			replicas := []*replica{newReplica(t), newReplica(t), newReplica(t)}
			var ready atomic.Pointer[[]string]
			use := func(rs ...*replica) {
				addresses := []string{}
				for _, r := range rs {
					addresses = append(addresses, r.address())
					r.requests.Store(0)
				}
				ready.Store(&addresses)
				time.Sleep(2 * lookEvery)
			}
			use(replicas[0])
			endpoint := targets.Endpoint{URL: replicas[0].URL, Addresses: func() []string { return *ready.Load() }}
			tr := carrier{}.dial(t, endpoint, client)
			m := message(t, endpoint, "POST", "question")
			play := func(n int) {
				for range n {
					answered(t, tr, m)
				}
			}
			tr.Warm(t.Context(), 2)
			play(6)
			if got := replicas[0].requests.Load(); got != 6 {
				t.Errorf("the only replica got %d of 6 requests", got)
			}
			use(replicas...)
			tr.Warm(t.Context(), 2)
			play(30)
			for i, r := range replicas {
				if got := r.requests.Load(); got != 10 {
					t.Errorf("replica %d of 3 got %d of 30 requests, want 10", i, got)
				}
			}
			use(replicas[1], replicas[2])
			replicas[0].Close() // waits until no connection is left
			play(30)
			if a, b := replicas[1].requests.Load(), replicas[2].requests.Load(); a != 15 || b != 15 {
				t.Errorf("the two replicas that are left got %d and %d of 30 requests, want 15 each", a, b)
			}
			o, err := send(t.Context(), tr, m)
			if err != nil || o.Address != replicas[1].address() && o.Address != replicas[2].address() {
				t.Errorf("sent to %q, %v; want the address of a replica", o.Address, err)
			}
			use()
			if _, err := send(t.Context(), tr, m); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("without a replica: %v, want it to be refused", err)
			}
			use(replicas[1])
			play(1)
		})
	}
}
