package transport

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestAccounts throws misfortunes at a few connections that many requests want, and
// looks whether in the end every connection and every context is accounted for, and
// whether an answer ever went to another request.
func TestAccounts(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	scripts := [][]step{
		{asked, says(okay), asked, says(okay), asked, hangsUp},
		{asked, says(chunked), asked},
		{asked, says(okay), resets},
		{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), hangsUp},
		{begun, says(okay)},
		{asked, says(okay + "more")},
	}
	for range 20 {
		scripts = append(scripts, scripts[:6]...)
	}
	steady := []step{}
	for range 1000 {
		steady = append(steady, asked, says(okay))
	}
	scripts = append(scripts, steady)
	for _, by := range carriers()[:3] {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			endpoint := newScripted(scripts...).serve(t, by)
			tr := by.dial(t, endpoint, func(cfg *Config) {
				cfg.Connections, cfg.FirstByteTimeout = 3, 50*time.Millisecond
			}).(*client)
			tr.Warm(t.Context(), 5)
			m := message(t, endpoint, "POST", "question")
			shared, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var callers sync.WaitGroup
			for k := range uint64(12) {
				callers.Go(func() { ramble(t, shared, tr, m, rand.New(rand.NewPCG(k, 0))) })
			}
			callers.Wait()
			tr.pools.only.mu.Lock()
			if len(tr.pools.only.inUse) > 0 || len(tr.pools.only.idle) > 3 {
				t.Errorf("%d connections in use, %d idle; want all idle and at most 3", len(tr.pools.only.inUse), len(tr.pools.only.idle))
			}
			tr.pools.only.mu.Unlock()
			tr.Close()
			if len(tr.watches.groups) > 0 || len(tr.sweeper.conns) > 0 {
				t.Errorf("%d contexts watched and %d connections swept after Close, want none", len(tr.watches.groups), len(tr.sweeper.conns))
			}
		})
	}
}

// ramble asks 60 times, with contexts shared and of its own, and reads answers to
// the end or not.
func ramble(t *testing.T, shared context.Context, tr *client, m *Message, rng *rand.Rand) {
	for range 60 {
		ctx, cancel := shared, context.CancelFunc(func() {})
		if rng.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(t.Context(), time.Duration(1+rng.IntN(60))*time.Millisecond)
		}
		if err := once(ctx, tr, m, rng.IntN(8) > 0); err != nil {
			t.Error(err)
		}
		cancel()
	}
}

// once sends a request, and reads all of the answer or the beginning. That it fails is
// no error; that its answer is wrong is.
func once(ctx context.Context, tr *client, m *Message, whole bool) error {
	o := &Outcome{}
	if !whole {
		o.Limit = func(int) (int, error) { return 1, errReason }
	}
	if err := tr.Send(ctx, m, o); err == nil && string(o.Body) != "ok" {
		return fmt.Errorf("answer %q, want ok", o.Body)
	}
	return nil
}
