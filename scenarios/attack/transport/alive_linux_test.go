package transport

import (
	"context"
	"testing"
	"time"
)

// TestSparesPassOverClosedConnections lets the server close a connection that
// waits for its use.
func TestSparesPassOverClosedConnections(t *testing.T) {
	address, accepted := listen(t)
	s := newSpares(&dialer{network: "tcp"}, address, 4)
	s.open(context.Background(), 1)
	(<-accepted).Close()
	c := <-s.conns
	for range 300 { // until the kernel has delivered the end
		if !alive(c.Conn, c.opened) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.conns <- c
	conn, err := s.dial(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if s.dialer.count.Load() != 2 {
		t.Errorf("%d dials, want a second one", s.dialer.count.Load())
	}
	if _, err := c.Conn.Write([]byte("x")); err == nil {
		t.Error("the closed connection is still open on our side")
	}
}
