package transport

import (
	"context"
	"sync"
)

// pool holds a bounded number of connections. The one used last is used first:
// it is the likeliest to be open still, and its memory is warm.
type pool struct {
	mu      sync.Mutex
	idle    []*conn
	open    int // idle, in use, or being opened
	most    int
	waiting []chan *conn // for a connection, or for the leave to open one (nil)
	closed  bool
}

// take returns an idle connection, or nil for the leave to open one. It waits
// until there is either, or ctx ends.
func (p *pool) take(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if p.open < p.most {
		p.open++
		p.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *conn, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	select {
	case c := <-turn:
		return c, nil
	case <-ctx.Done():
		p.withdraw(turn)
		return nil, context.Cause(ctx)
	}
}

// withdraw ends a waiting, and passes on what came of it meanwhile.
func (p *pool) withdraw(turn chan *conn) {
	p.mu.Lock()
	for i, t := range p.waiting {
		if t == turn {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			p.mu.Unlock()
			return
		}
	}
	p.mu.Unlock()
	if c := <-turn; c != nil {
		p.put(c)
	} else {
		p.drop()
	}
}

// hand gives c to the one who waits longest. It reports false when nobody waits.
func (p *pool) hand(c *conn) bool {
	if len(p.waiting) == 0 {
		return false
	}
	turn := p.waiting[0]
	p.waiting = p.waiting[1:]
	turn <- c
	return true
}

// put takes back a connection that can carry another request.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		p.open--
		c.hangUp()
	case !p.hand(c):
		p.idle = append(p.idle, c)
	}
}

// drop tells that a connection was closed, or could not be opened.
func (p *pool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.hand(nil) {
		p.open--
	}
}

// reserve returns the leave to open a connection, if there is any at once.
func (p *pool) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == p.most || p.closed {
		return false
	}
	p.open++
	return true
}

// close ends the idle connections; others end when they come back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.hangUp()
	}
	p.open -= len(p.idle)
	p.idle = nil
}
