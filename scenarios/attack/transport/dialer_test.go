package transport

import (
	"context"
	"net"
	"testing"
)

// listen accepts connections and hands them out.
func listen(t *testing.T) (address string, accepted <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 8)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	return l.Addr().String(), conns
}

func TestDialerUsesSpareConnections(t *testing.T) {
	address, accepted := listen(t)
	d := &dialer{spare: make(chan spareConn, 4)}
	d.prepare(context.Background(), address)
	server := <-accepted
	defer server.Close()
	conn, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if d.count.Load() != 1 || conn.LocalAddr().String() != server.RemoteAddr().String() {
		t.Errorf("%d dials, want the one made ahead", d.count.Load())
	}
}

func TestDialerPassesOverOthers(t *testing.T) {
	address, accepted := listen(t)
	elsewhere, _ := listen(t)
	d := &dialer{spare: make(chan spareConn, 4)}
	d.prepare(context.Background(), elsewhere)
	conn, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if server := <-accepted; server.RemoteAddr().String() != conn.LocalAddr().String() || len(d.spare) != 0 {
		t.Error("a connection to another address was used or kept")
	}
}
