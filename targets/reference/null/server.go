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
	defer s.closeAll()
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
		s.start(conn)
	}
}

// start serves a connection in a goroutine of its own.
func (s *Server) start(conn net.Conn) {
	s.mu.Lock()
	s.open[conn] = struct{}{}
	s.mu.Unlock()
	s.serving.Go(func() {
		c := connection{server: s, conn: conn, buffer: make([]byte, bufferSize)}
		c.serve()
		conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	})
}

// closeAll ends the connections, and by that what serves them.
func (s *Server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		conn.Close()
	}
}
