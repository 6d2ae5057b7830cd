package null

import (
	"bytes"
	"net"
)

// bufferSize bounds a request's head, in bytes; a body may be longer.
const bufferSize = 16 << 10

// connection answers the requests of one connection, one after the other.
type connection struct {
	server *Server
	conn   net.Conn
	buffer []byte
	filled int // bytes of the buffer that were read and not used yet
}

// refusal is the answer to what is no request; the connection ends with it.
const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// serve returns when the connection is done with.
func (c *connection) serve() {
	for {
		h, ok := c.head()
		if !ok {
			return
		}
		if !c.skip(h.length) {
			return
		}
		if c.server.Arrived != nil {
			c.server.Arrived(c.conn)
		}
		if _, err := c.conn.Write(c.server.to(h)); err != nil || h.closes {
			return
		}
	}
}

// to returns the answer to a request.
func (s *Server) to(h head) []byte {
	switch {
	case h.bodiless:
		return s.bare
	case h.closes:
		return s.last
	}
	return s.answer
}

// head reads the head of the next request. ok is false where there is none: the
// client is gone, or what it sent was refused.
func (c *connection) head() (h head, ok bool) {
	searched := 0
	for {
		if end := bytes.Index(c.buffer[searched:c.filled], []byte("\r\n\r\n")); end >= 0 {
			end += searched
			h, ok = parse(c.buffer[:end])
			if !ok {
				break
			}
			c.use(end + 4)
			return h, true
		}
		if c.filled == len(c.buffer) {
			break
		}
		searched = max(0, c.filled-3)
		n, err := c.conn.Read(c.buffer[c.filled:])
		if c.filled += n; err != nil {
			return head{}, false
		}
	}
	// A failing write means that the client is gone; there is nobody to tell.
	_, _ = c.conn.Write([]byte(refusal))
	return head{}, false
}

// skip reads a body to its end. It reports whether all of it came.
func (c *connection) skip(length int64) bool {
	had := min(length, int64(c.filled))
	c.use(int(had))
	for left := length - had; left > 0; {
		n, err := c.conn.Read(c.buffer[:min(left, int64(len(c.buffer)))])
		if left -= int64(n); err != nil && left > 0 {
			return false
		}
	}
	return true
}

// use drops the first n bytes of the buffer.
func (c *connection) use(n int) {
	copy(c.buffer, c.buffer[n:c.filled])
	c.filled -= n
}
