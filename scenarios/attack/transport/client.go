package transport

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// client is a hand-written client for HTTP/1.1: what carries a load should cost
// little beside it. It knows no proxies, redirects, cookies or compression.
type client struct {
	dialer  *dialer
	pool    pool
	watches watches
	sweeper *sweeper
	heads   heads
	twice   bool // as of Options.RetryNonIdempotent
	retries atomic.Int64
}

func newClient(cfg Config, d *dialer) *client {
	return &client{dialer: d, pool: pool{most: cfg.Connections}, sweeper: newSweeper(cfg.FirstByteTimeout), twice: cfg.RetryNonIdempotent}
}

// RoundTrip implements http.RoundTripper.
func (t *client) RoundTrip(r *http.Request) (*http.Response, error) {
	o, err := newOutgoing(r)
	if err != nil {
		return nil, err
	}
	defer o.close()
	return t.send(r.Context(), &o)
}

// Send implements Transport.
func (t *client) Send(ctx context.Context, m *Message) (*http.Response, error) {
	o := m.outgoing()
	return t.send(ctx, &o)
}

// send sends a request. When the server had closed an idle connection before it knew
// of the request, that goes over a new one in its place.
func (t *client) send(ctx context.Context, o *outgoing) (*http.Response, error) {
	c, err := t.connection(ctx)
	if err != nil {
		return nil, err
	}
	response, err := c.exchange(ctx, o)
	if err != nil && ctx.Err() == nil && c.mayRepeat(t.twice || isIdempotent(o.request.Method)) {
		t.retries.Add(1)
		if c, err = t.open(ctx); err != nil {
			return nil, err
		}
		response, err = c.exchange(ctx, o)
	}
	if err != nil {
		t.pool.drop()
	}
	return response, err
}

// staleAfter is how long a connection is idle before it is worth a system call to
// look whether it is open still; a server that closes it sooner than that is found
// out by the answer that does not come.
const staleAfter = time.Millisecond

// connection returns a connection to send on.
func (t *client) connection(ctx context.Context) (*conn, error) {
	for {
		c, err := t.pool.take(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return t.open(ctx)
		}
		if time.Since(c.idleSince) < staleAfter || alive(c.Conn, c.idleSince) {
			return c, nil
		}
		c.close()
	}
}

// open opens a connection with the leave of the pool.
func (t *client) open(ctx context.Context) (*conn, error) {
	socket, err := t.dialer.dial(ctx)
	if err != nil {
		t.pool.drop()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	c := &conn{Conn: socket, link: linkOf(socket), client: t}
	c.direct = newDirect(c)
	t.sweeper.add(c)
	return c, nil
}

// Warm implements Transport.
func (t *client) Warm(ctx context.Context, n int) {
	var wg sync.WaitGroup
	for range n {
		if !t.pool.reserve() {
			break
		}
		wg.Go(func() {
			if c, err := t.open(ctx); err == nil {
				c.link.ahead, c.idleSince = true, time.Now()
				t.pool.put(c)
			}
		})
	}
	wg.Wait()
}

// Stats implements Transport.
func (t *client) Stats() Stats {
	return Stats{Dials: t.dialer.count.Load(), Retries: t.retries.Load()}
}

// Close implements Transport.
func (t *client) Close() {
	t.pool.close()
	t.watches.close()
}
