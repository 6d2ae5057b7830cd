package attack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"servebench/targets"
)

// TestCredentialsAreRenewed watches ten minutes of requests whose credentials are good for
// three: none is ever older, and never are many renewed together.
func TestCredentialsAreRenewed(t *testing.T) {
	const lifetime = 3 * time.Minute
	for _, size := range []int{1, 7, 1000} {
		synctest.Test(t, func(t *testing.T) {
			at := map[string][]time.Duration{}
			began := time.Now()
			cfg := Config{Endpoint: targets.Endpoint{URL: "http://127.0.0.1:1"}, Corpus: newCorpus(t, size)}
			cfg.Credentials = targets.Credentials{Lifetime: lifetime, Authorize: func(r *http.Request, body []byte) error {
				if len(body) == 0 {
					t.Error("no body to sign")
				}
				at[string(body)] = append(at[string(body)], time.Since(began))
				r.Header.Set("X-At", time.Since(began).String())
				return nil
			}}
			h, err := layOut(cfg)
			if err != nil {
				t.Fatal(err)
			}
			finished, over := make(chan struct{}), make(chan struct{})
			go func() { h.renew(finished); close(over) }()
			const length = 10 * time.Minute
			time.Sleep(length)
			close(finished)
			<-over
			if len(at) != size {
				t.Fatalf("%d requests, want %d", len(at), size)
			}
			perMoment := map[time.Duration]int{}
			for _, times := range at {
				for i, now := range append(times[1:], length) {
					if age := now - times[i]; age > lifetime {
						t.Errorf("one of %d requests is sent %v after it was signed", size, age)
					}
					if now < length {
						perMoment[now]++
					}
				}
			}
			if most := slices.Max(slices.Collect(maps.Values(perMoment))); most > mostTogether {
				t.Errorf("%d renewed together, want at most %d", most, mostTogether)
			}
			if want := int64(4 * size); h.renewals.all.N < want || h.renewals.all.N > want+int64(size) || h.renewals.all.Failed != "" {
				t.Errorf("%+v, want about %d", h.renewals.all, want)
			}
		})
	}
}

// TestCredentialsThatCannotBeRenewed keeps what there is, says why, and tries again.
func TestCredentialsThatCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var down atomic.Bool
		cfg := Config{Endpoint: targets.Endpoint{URL: "http://127.0.0.1:1"}, Corpus: newCorpus(t, 3)}
		cfg.Credentials = targets.Credentials{Lifetime: time.Minute, Authorize: func(r *http.Request, _ []byte) error {
			if down.Load() {
				return errors.New("no credentials any more")
			}
			r.Header.Set("X-At", time.Since(began).String())
			return nil
		}}
		h, err := layOut(cfg)
		if err != nil {
			t.Fatal(err)
		}
		first := h.at(2).message
		finished, over := make(chan struct{}), make(chan struct{})
		go func() { h.renew(finished); close(over) }()
		down.Store(true)
		time.Sleep(2 * time.Minute)
		if h.at(2).message != first {
			t.Error("a request has no credentials")
		}
		down.Store(false)
		time.Sleep(time.Minute)
		close(finished)
		<-over
		if h.at(2).message == first || h.renewals.all.N == 0 || h.renewals.all.Failed != "no credentials any more" {
			t.Errorf("%+v, want that it was tried again", h.renewals.all)
		}
		down.Store(true)
		if _, err := layOut(cfg); err == nil || err.Error() != "prepare request 0: no credentials any more" {
			t.Errorf("error %v of credentials that were never there", err)
		}
	})
}

// TestCredentialsOfRequestsLookedAheadFor makes those anew that have waited for too long,
// and only those.
func TestCredentialsOfRequestsLookedAheadFor(t *testing.T) {
	c, _ := streamed(t, 30_000, true)
	made, down := 0, false
	cfg := Config{Endpoint: targets.Endpoint{URL: "http://127.0.0.1:1"}, Corpus: c}
	cfg.Credentials = targets.Credentials{Lifetime: time.Minute, Authorize: func(*http.Request, []byte) error {
		if made++; down {
			return errors.New("no credentials any more")
		}
		return nil
	}}
	s, err := newSupply(cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.ahead[0].prepareNext(c.NewReader(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	if again := s.fresh(0, 0, p); again.message != p.message || made != 1 {
		t.Errorf("a request is signed %d times", made)
	}
	p.at = p.at.Add(-time.Minute)
	if again := s.fresh(0, 0, p); again.message == p.message || again.request != p.request || made != 2 || s.renewals.all.N != 1 || s.renewals.all.Due != 1 {
		t.Errorf("an old request is signed %d times: %+v", made, s.renewals.all)
	}
	s.ahead[0].ready <- p
	if again := s.draw(share{of: 1})(0, time.Hour); again.message == p.message || s.renewals.all.N != 2 || s.renewals.all.Due != 1 {
		t.Errorf("%+v, want one that was made before it was due", s.renewals.all)
	}
	down = true
	if again := s.fresh(0, 0, p); again.message != p.message || s.renewals.all.N != 2 || s.renewals.all.Failed == "" {
		t.Errorf("%+v, want that the request goes as it is", s.renewals.all)
	}
}

// TestCredentialsAreRenewedBesideTheSending sends by several workers what is laid out anew
// meanwhile.
func TestCredentialsAreRenewedBesideTheSending(t *testing.T) {
	began := time.Now()
	var mu sync.Mutex
	stamps := map[string]map[string]bool{} // by request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if mu.Lock(); stamps[string(body)] == nil {
			stamps[string(body)] = map[string]bool{}
		}
		stamps[string(body)][r.Header.Get("X-At")] = true
		mu.Unlock()
		var a ask
		_ = json.Unmarshal(body, &a)
		fmt.Fprint(w, a.X)
	}))
	defer server.Close()
	cfg, _ := load(t, server.URL, 0, 0)
	cfg.Arrivals, cfg.Scheduled, cfg.Concurrency, cfg.Attackers = nil, 0, 4, 2
	cfg.Corpus, cfg.Span = newCorpus(t, 5), 500*time.Millisecond
	cfg.Credentials = targets.Credentials{Lifetime: 60 * time.Millisecond, Authorize: func(r *http.Request, _ []byte) error {
		r.Header.Set("X-At", time.Since(began).String())
		return nil
	}}
	cell, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if cell.Ledger.OK != cell.Ledger.Sent || cell.Ledger.OK == 0 || cell.Instrument.Renewals.N == 0 {
		t.Errorf("ledger %+v, renewals %+v, want answers and renewals", cell.Ledger, cell.Instrument.Renewals)
	}
	mu.Lock()
	defer mu.Unlock()
	several := 0
	for _, of := range stamps {
		if len(of) > 1 {
			several++
		}
	}
	if several == 0 {
		t.Error("every request was sent with the credentials of before the load")
	}
}
