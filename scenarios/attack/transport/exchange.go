package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// exchange sends a request and reads the answer's head, which becomes the connection's.
// When it fails, the connection is closed, its place in the pool still taken.
func (c *conn) exchange(ctx context.Context, m *Message) error {
	c.heard, c.before = false, c.link.written.Load()
	if !c.client.watches.join(ctx, c) {
		return c.discard(ctx, "send request", context.Cause(ctx))
	}
	if err := c.post(ctx, m); err != nil {
		return c.discard(ctx, "read answer", err)
	}
	if err := c.readHead(); err != nil {
		return c.discard(ctx, "read answer", err)
	}
	return nil
}

// post sends a request, or begins to. That a write failed is no reason to give up:
// the server may have answered before it closed the connection, and if not, the
// reading tells why, which a shortcut has begun with.
func (c *conn) post(ctx context.Context, m *Message) error {
	if !m.whole {
		c.startUpload(m.wire, m.Body)
		return nil
	}
	c.client.sweeper.noteAwaited(c)
	if c.direct != nil {
		return c.direct.exchange(ctx, m.wire)
	}
	c.Conn.Write(m.wire)
	return nil
}

// receive reads the rest of the answer whose head was read.
func (c *conn) receive(ctx context.Context, m *Message, o *Outcome) error {
	h, body := c.head, c.openBody(m)
	delimited := body.chunked || body.left >= 0
	err := o.receive(h.status, h.text, h.header, body)
	switch {
	case body.err == io.EOF:
		o.Trailer = body.chunks.trailer
		c.finish(delimited && !h.last && !m.last)
	case body.err != nil:
		err = c.discard(ctx, "read answer", body.err)
		c.pool.drop()
	default: // nobody wants the rest
		c.client.watches.leave(c)
		c.close()
	}
	return err
}

// readHead reads the head of the answer. Interim answers (100, 103) are passed
// over.
func (c *conn) readHead() error {
	read := 0
	for {
		if err := c.readNextHead(maxHead - read); err != nil {
			return err
		}
		read += len(c.head.block)
		switch {
		case c.head.status == http.StatusSwitchingProtocols:
			return malformedError{fmt.Errorf("status 101, want no other protocol: none was asked for")}
		case c.head.status >= 200:
			return nil
		}
	}
}

func (c *conn) readNextHead(most int) error {
	searched := 0
	for {
		b := c.buffered()
		if c.findKnownHead(b) {
			c.r += len(c.head.block)
			return nil
		}
		if n := endOfHead(b, searched); n > 0 {
			c.r += n
			return c.parseNewHead(b[:n])
		}
		if len(b) > most {
			return malformedError{fmt.Errorf("a head of more than %d bytes", maxHead)}
		}
		// The line's end that the head's end follows may be the last bytes read.
		searched = max(0, len(b)-2)
		if err := c.fill(); err != nil {
			return err
		}
	}
}

// findKnownHead makes the head that b begins with the connection's if it came before, as it
// mostly did on this very connection.
func (c *conn) findKnownHead(b []byte) bool {
	if c.head != nil && c.head.begins(b) {
		return true
	}
	if h := c.client.heads.find(b); h != nil {
		c.head = h
		return true
	}
	return false
}

func (c *conn) parseNewHead(block []byte) error {
	h, err := parseHead(block)
	if err != nil {
		return malformedError{err}
	}
	c.client.heads.remember(h)
	c.head = h
	return nil
}

// upload sends a request that is too long for one write, beside the reading of
// the answer: a server may answer before it has read the request, and may read no
// more of it then.
type upload struct {
	conn  *conn
	ended chan struct{} // closed when nothing more will be sent
	whole bool          // everything was sent; counts once ended is closed
}

// maxSettling is how long a connection whose request was answered is kept for the
// end of the sending, which mostly has ended and was only not told yet.
const maxSettling = 50 * time.Millisecond

func (c *conn) startUpload(head, body []byte) {
	c.upload = &upload{conn: c, ended: make(chan struct{})}
	c.client.sweeper.noteSending(c)
	go c.upload.run(head, body)
}

func (u *upload) run(head, body []byte) {
	defer close(u.ended)
	_, err := u.conn.Conn.Write(head)
	if err == nil && len(body) > 0 {
		_, err = u.conn.Conn.Write(body)
	}
	u.whole = err == nil
	u.conn.client.sweeper.noteSent(u.conn)
}

// settle gives the connection back when everything was sent, soon at least.
func (u *upload) settle(keep bool) {
	soon := time.NewTimer(maxSettling)
	defer soon.Stop()
	select {
	case <-u.ended:
		u.conn.release(keep && u.whole)
	case <-soon.C:
		u.conn.release(false)
	}
}
