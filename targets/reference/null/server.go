// Package null is the cheapest honest HTTP/1.1 server: it reads every request to
// its end and answers each with the same bytes. What a load generator measures
// against it is the generator itself, the kernel and loopback, so it is what
// generators are calibrated and compared with. cmd/nullserver is its program.
package null

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// Body is the default length of an answer's body, in bytes: about what a model
// answers to one example.
const Body = 150

// Server answers every request alike. Make it with New.
type Server struct {
	// Arrived, when not nil, is called when a request was read to its end, before it
	// is answered, with its connection as the listener gave it: from several goroutines
	// at once, one for each connection. Set it before Serve.
	Arrived func(net.Conn)

	answer, bare, last []byte // an answer; without its body, for HEAD; the last one of its connection
	mu                 sync.Mutex
	open               map[net.Conn]struct{}
	serving            sync.WaitGroup
}

// New makes a server of answers with a body of that many bytes.
func New(body int) *Server {
	content := bytes.Repeat([]byte("x"), body)
	head := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n", body)
	ended := func(head []byte, ends string) []byte { return append(bytes.Clone(head), ends...) }
	return &Server{
		answer: append(ended(head, "\r\n"), content...),
		bare:   ended(head, "\r\n"),
		last:   append(ended(head, "Connection: close\r\n\r\n"), content...),
		open:   map[net.Conn]struct{}{},
	}
}

// Serve answers on the listener until ctx is cancelled, then closes the listener
// and all connections and returns nil. Its error says that accepting failed. Call
// it once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	defer s.serving.Wait()
	defer s.closeConnections()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case err != nil:
			return fmt.Errorf("accept on %s: %w", listener.Addr(), errors.Join(err, listener.Close()))
		}
		s.serveConnection(conn)
	}
}

func (s *Server) serveConnection(conn net.Conn) {
	s.mu.Lock()
	s.open[conn] = struct{}{}
	s.mu.Unlock()
	s.serving.Go(func() {
		c := connection{server: s, conn: conn, buffer: make([]byte, bufferSize)}
		c.serveRequests()
		conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	})
}

func (s *Server) closeConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		conn.Close()
	}
}

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

func (c *connection) serveRequests() {
	for {
		h, ok := c.readHead()
		if !ok {
			return
		}
		if !c.skipBody(h.length) {
			return
		}
		if c.server.Arrived != nil {
			c.server.Arrived(c.conn)
		}
		if _, err := c.conn.Write(c.server.answerTo(h)); err != nil || h.closes {
			return
		}
	}
}

func (s *Server) answerTo(h head) []byte {
	switch {
	case h.bodiless:
		return s.bare
	case h.closes:
		return s.last
	}
	return s.answer
}

// readHead reads the head of the next request. ok is false where there is none: the
// client is gone, or what it sent was refused.
func (c *connection) readHead() (h head, ok bool) {
	searched := 0
	for {
		if end := bytes.Index(c.buffer[searched:c.filled], []byte("\r\n\r\n")); end >= 0 {
			end += searched
			h, ok = parseHead(c.buffer[:end])
			if !ok {
				break
			}
			c.dropBytes(end + 4)
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

// skipBody reads a body to its end. It reports whether all of it came.
func (c *connection) skipBody(length int64) bool {
	had := min(length, int64(c.filled))
	c.dropBytes(int(had))
	for left := length - had; left > 0; {
		n, err := c.conn.Read(c.buffer[:min(left, int64(len(c.buffer)))])
		if left -= int64(n); err != nil && left > 0 {
			return false
		}
	}
	return true
}

func (c *connection) dropBytes(n int) {
	copy(c.buffer, c.buffer[n:c.filled])
	c.filled -= n
}

// head is what matters of a request's head.
type head struct {
	length   int64 // of the body, in bytes
	closes   bool  // the connection is to be closed after the answer
	bodiless bool  // the answer is to have no body
}

// parseHead reads a request's head, without the empty line that ends it. ok is false
// where it is malformed or its body comes in chunks, which this server does not
// read.
func parseHead(text []byte) (h head, ok bool) {
	line, fields := cutLine(text)
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	old := string(version) == "HTTP/1.0"
	if len(method) == 0 || len(target) == 0 || !old && string(version) != "HTTP/1.1" {
		return head{}, false
	}
	h = head{length: -1, closes: old, bodiless: string(method) == "HEAD"}
	for len(fields) > 0 {
		line, fields = cutLine(fields)
		if !h.parseField(line) {
			return head{}, false
		}
	}
	h.length = max(h.length, 0)
	return h, true
}

func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte("\r\n"))
	return line, rest
}

// parseField reads one header field. It reports whether it is well formed.
func (h *head) parseField(line []byte) bool {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 || bytes.ContainsAny(name, " \t") {
		return false
	}
	switch {
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 63)
		if err != nil || h.length >= 0 && h.length != int64(n) {
			return false
		}
		h.length = int64(n)
	case len(name) == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
		h.closes = h.closes || bytes.EqualFold(bytes.TrimSpace(value), []byte("close"))
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		return false
	}
	return true
}
