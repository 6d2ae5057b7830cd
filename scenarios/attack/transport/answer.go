package transport

import (
	"context"
	"io"
	"net/http"
)

// answer is a response and its body, in one piece of memory.
type answer struct {
	response http.Response
	ctx      context.Context
	head     *head
	conn     *conn // nil once the body is done with
	err      error // why nothing more can be read
	left     int64 // of a body whose length is known
	chunks   chunks
}

// newAnswer returns the response whose head was read from c, and ends the exchange
// when it has no body.
func newAnswer(ctx context.Context, c *conn, h *head, r *http.Request) *http.Response {
	a := &answer{ctx: ctx, conn: c, head: h, left: h.length}
	a.response = http.Response{
		Status:        h.text,
		StatusCode:    h.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    h.minor,
		Header:        h.header,
		Body:          a,
		ContentLength: h.length,
		Close:         h.last,
		Request:       r,
	}
	if h.minor == 0 {
		a.response.Proto = "HTTP/1.0"
	}
	if h.chunked {
		a.response.TransferEncoding = []string{"chunked"}
		a.announceTrailer()
	}
	if none := bodiless(r.Method, h.status); none || h.length == 0 && !h.chunked {
		a.response.Body = http.NoBody
		if none && r.Method != http.MethodHead {
			a.response.ContentLength = 0
		}
		c.finish(a.keep())
	}
	return &a.response
}

// keep reports whether client and server mean to use the connection again.
func (a *answer) keep() bool {
	r := a.response.Request
	return !a.head.last && !r.Close && !hasOption(r.Header["Connection"], "close")
}

// Read implements io.Reader. It returns what has come as soon as something has,
// and io.EOF together with the last bytes where they come together.
func (a *answer) Read(p []byte) (int, error) {
	if a.err != nil || len(p) == 0 {
		return 0, a.err
	}
	n, err := a.read(p)
	switch {
	case err == io.EOF:
		a.err = io.EOF
		a.conn.finish(a.keep() && (a.head.chunked || a.head.length >= 0))
		a.conn = nil
	case err != nil:
		a.err = a.conn.discard(a.ctx, "read answer", err)
		a.conn.client.pool.drop()
		a.conn = nil
	}
	return n, a.err
}

// read reads from the body however it is delimited.
func (a *answer) read(p []byte) (int, error) {
	switch {
	case a.head.chunked:
		n, err := a.chunks.read(a.conn, p)
		if err == io.EOF {
			a.addTrailer()
		}
		return n, err
	case a.head.length < 0:
		return a.conn.read(p) // until the server closes the connection
	}
	if int64(len(p)) > a.left {
		p = p[:a.left]
	}
	n, err := a.conn.read(p)
	if a.left -= int64(n); a.left == 0 {
		return n, io.EOF
	}
	return n, unexpected(err)
}

// Close implements io.Closer. A body that was not read to its end costs the
// connection.
func (a *answer) Close() error {
	if a.conn == nil {
		return nil
	}
	a.err = http.ErrBodyReadAfterClose
	a.conn.client.watches.leave(a.conn)
	a.conn.close()
	a.conn = nil
	return nil
}

// unexpected makes the connection's end within a body what it is.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// read reads what was buffered, or else from the connection.
func (c *conn) read(p []byte) (int, error) {
	if c.r == c.w && len(p) < len(c.buf) {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	if c.r < c.w {
		n := copy(p, c.buffered())
		c.r += n
		return n, nil
	}
	return c.Conn.Read(p)
}
