package transport

import (
	"context"
	"net"
	"sync"
	"time"
)

// spares are connections that were opened ahead for net/http, which opens its
// own only when a request needs one.
type spares struct {
	dialer *dialer
	conns  chan spare
}

// spare is a connection that nobody has used yet.
type spare struct {
	net.Conn
	opened time.Time
}

func newSpares(d *dialer, capacity int) *spares {
	return &spares{dialer: d, conns: make(chan spare, capacity)}
}

// open opens n connections for later calls of dial.
func (s *spares) open(ctx context.Context, n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { s.openOne(ctx) })
	}
	wg.Wait()
}

func (s *spares) openOne(ctx context.Context) {
	conn, err := s.dialer.dial(ctx)
	if err != nil {
		return
	}
	linkOf(conn).ahead = true
	select {
	case s.conns <- spare{conn, time.Now()}:
	default:
		conn.Close()
	}
}

// dial returns a connection opened ahead, if one is left that the server has not
// closed meanwhile, and opens one otherwise. It serves net/http, whose network and
// address are passed over: there is one server.
func (s *spares) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	for {
		select {
		case c := <-s.conns:
			if alive(c.Conn, c.opened) {
				return c.Conn, nil
			}
			c.Close()
		default:
			return s.dialer.dial(ctx)
		}
	}
}

// close ends the connections that nobody wanted.
func (s *spares) close() {
	for {
		select {
		case c := <-s.conns:
			c.Close()
		default:
			return
		}
	}
}
