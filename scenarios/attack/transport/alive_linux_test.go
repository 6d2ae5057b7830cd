package transport

import (
	"context"
	"testing"
	"time"
)

// TestDialerPassesOverClosedConnections lets the server close a connection that
// waits for its use.
func TestDialerPassesOverClosedConnections(t *testing.T) {
	address, accepted := listen(t)
	d := &dialer{spare: make(chan spareConn, 4)}
	d.prepare(context.Background(), address)
	(<-accepted).Close()
	s := <-d.spare
	for range 300 { // until the kernel has delivered the end
		if !s.alive() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.spare <- s
	conn, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if d.count.Load() != 2 {
		t.Errorf("%d dials, want a second one", d.count.Load())
	}
	if _, err := s.Conn.Write([]byte("x")); err == nil {
		t.Error("the closed connection is still open on our side")
	}
}
