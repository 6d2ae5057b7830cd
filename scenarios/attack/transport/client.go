package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// client is a hand-written client for HTTP/1.1: what carries a load should cost
// little beside it. It knows no proxies, redirects, cookies or compression.
type client struct {
	dialer  *dialer
	pools   *balancer[*pool]
	watches watches
	sweeper *sweeper
	heads   heads
	twice   bool // as of Options.RetryNonIdempotent
	retries atomic.Int64
}

func newClient(cfg Config, d *dialer) *client {
	open := func(address string) *pool {
		return &pool{address: address, inUse: make(chan struct{}, cfg.Connections)}
	}
	return &client{
		dialer: d, pools: newBalancer(cfg.Endpoint.Addresses, d.address, open, (*pool).close),
		sweeper: newSweeper(cfg.FirstByteTimeout), twice: cfg.RetryNonIdempotent,
	}
}

// Send implements Sender.
func (t *client) Send(ctx context.Context, m *Message, o *Outcome) error {
	p, address, err := t.pools.pick()
	if err != nil {
		return err
	}
	o.Address = address
	c, err := t.exchange(ctx, p, m)
	if err != nil {
		return err
	}
	return c.receive(ctx, m, o)
}

// exchange sends a request and reads the answer's head. When the server had closed an
// idle connection before it knew of the request, that goes over a new one in its place.
func (t *client) exchange(ctx context.Context, p *pool, m *Message) (*conn, error) {
	c, err := t.idleOrNew(ctx, p)
	if err != nil {
		return nil, err
	}
	err = c.exchange(ctx, m)
	if err != nil && ctx.Err() == nil && c.mayRepeat(t.twice || m.Idempotent()) {
		t.retries.Add(1)
		if c, err = t.open(ctx, p); err != nil {
			return nil, err
		}
		err = c.exchange(ctx, m)
	}
	if err != nil {
		p.drop()
	}
	return c, err
}

// staleAfter is how long a connection is idle before it is worth a system call to
// look whether it is open still; a server that closes it sooner than that is found
// out by the answer that does not come.
const staleAfter = time.Millisecond

func (t *client) idleOrNew(ctx context.Context, p *pool) (*conn, error) {
	for {
		c, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return t.open(ctx, p)
		}
		now := time.Now()
		if !c.link.isOver(now) && (now.Sub(c.idleSince) < staleAfter || alive(c.Conn, c.idleSince)) {
			return c, nil
		}
		c.close()
	}
}

// open opens a connection with the leave of the pool.
func (t *client) open(ctx context.Context, p *pool) (*conn, error) {
	socket, err := t.dialer.dial(ctx, p.address)
	if err != nil {
		p.drop()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	c := &conn{Conn: socket, link: linkOf(socket), client: t, pool: p}
	c.direct = newDirect(c)
	t.sweeper.add(c)
	return c, nil
}

// Warm implements Sender.
func (t *client) Warm(ctx context.Context, n int) {
	var wg sync.WaitGroup
	pools := t.pools.all()
	for i := 0; i < n && len(pools) > 0; i++ {
		p := pools[i%len(pools)]
		if !p.reserve() {
			continue
		}
		wg.Go(func() {
			if c, err := t.open(ctx, p); err == nil {
				c.link.ahead, c.idleSince = true, time.Now()
				p.put(c)
			}
		})
	}
	wg.Wait()
}

// Stats implements Sender.
func (t *client) Stats() Stats {
	return t.dialer.stats(t.retries.Load())
}

// Close implements Sender.
func (t *client) Close() {
	for _, p := range t.pools.all() {
		p.close()
	}
	t.watches.close()
}

// pool holds a bounded number of connections to an address. The one used last is used first:
// it is the likeliest to be open still, and its memory is warm.
type pool struct {
	address string
	inUse   chan struct{} // a token for each connection in use, or being opened
	mu      sync.Mutex
	idle    []*conn
	closed  bool
}

// take returns an idle connection, or nil for the leave to open one. It waits
// until there is either, or ctx ends.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case p.inUse <- struct{}{}:
	default:
		select {
		case p.inUse <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, nil
}

// put takes back a connection that can carry another request.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	if p.closed {
		c.hangUp()
	} else {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	p.drop()
}

// drop tells that a connection was closed, or could not be opened.
func (p *pool) drop() { <-p.inUse }

// reserve returns the leave to open one more connection, if there is any now.
func (p *pool) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle)+len(p.inUse) >= cap(p.inUse) {
		return false
	}
	select {
	case p.inUse <- struct{}{}:
		return true
	default:
		return false
	}
}

// close ends the idle connections; others end when they come back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.hangUp()
	}
	p.idle = nil
}
