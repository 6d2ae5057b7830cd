package transport

import (
	"context"
	"fmt"
	"net/http"
)

// exchange sends a request and reads the answer's head. When it fails, the
// connection is closed, its place in the pool still taken; else it is in the hands
// of the answer's body.
func (c *conn) exchange(ctx context.Context, o *outgoing) (*http.Response, error) {
	c.heard, c.before = false, c.link.written.Load()
	if !c.client.watches.join(ctx, c) {
		return nil, c.discard(ctx, "send request", context.Cause(ctx))
	}
	if err := c.post(ctx, o); err != nil {
		return nil, err
	}
	h, err := c.readHead()
	if err != nil {
		if failed := c.upload.failure(); failed != nil {
			return nil, c.discard(ctx, "send request", failed)
		}
		return nil, c.discard(ctx, "read answer", err)
	}
	return newAnswer(ctx, c, h, o.request), nil
}

// post sends a request, or begins to. That a write failed is no reason to give up:
// the server may have answered before it closed the connection, and if not, the
// reading tells why, which a shortcut has begun with. When it fails, the connection
// is closed.
func (c *conn) post(ctx context.Context, o *outgoing) error {
	if !o.whole {
		body, err := o.next()
		if err != nil {
			return c.discard(ctx, "send request", err)
		}
		c.startUpload(o.wire, body, o.length)
		return nil
	}
	c.client.sweeper.expects(c)
	if c.direct == nil {
		c.Conn.Write(o.wire)
		return nil
	}
	if err := c.direct.exchange(ctx, o.wire); err != nil {
		return c.discard(ctx, "read answer", err)
	}
	return nil
}

// readHead reads the head of the answer. Interim answers (100, 103) are passed
// over.
func (c *conn) readHead() (*head, error) {
	read := 0
	for {
		h, err := c.nextHead(maxHead - read)
		if err != nil {
			return nil, err
		}
		read += len(h.block)
		switch {
		case h.status == http.StatusSwitchingProtocols:
			return nil, malformedError{fmt.Errorf("status 101, want no other protocol: none was asked for")}
		case h.status >= 200:
			return h, nil
		}
	}
}

// nextHead reads one head of at most most bytes.
func (c *conn) nextHead(most int) (*head, error) {
	searched := 0
	for {
		b := c.buffered()
		if h := c.known(b); h != nil {
			c.r += len(h.block)
			return h, nil
		}
		if n := endOfHead(b, searched); n > 0 {
			c.r += n
			return c.learn(b[:n])
		}
		if len(b) > most {
			return nil, malformedError{fmt.Errorf("a head of more than %d bytes", maxHead)}
		}
		// The line's end that the head's end follows may be the last bytes read.
		searched = max(0, len(b)-2)
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// known returns the head that b begins with if it came before, as it mostly did on
// this very connection.
func (c *conn) known(b []byte) *head {
	if c.last != nil && c.last.begins(b) {
		return c.last
	}
	if h := c.client.heads.find(b); h != nil {
		c.last = h
		return h
	}
	return nil
}

// learn parses a head that did not.
func (c *conn) learn(block []byte) (*head, error) {
	h, err := parseHead(block)
	if err != nil {
		return nil, malformedError{err}
	}
	c.client.heads.remember(h)
	c.last = h
	return h, nil
}
