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

func TestSparesAreUsed(t *testing.T) {
	address, accepted := listen(t)
	s := newSpares(&dialer{network: "tcp"}, address, 4)
	s.open(context.Background(), 1)
	server := <-accepted
	defer server.Close()
	conn, err := s.dial(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if s.dialer.count.Load() != 1 || conn.LocalAddr().String() != server.RemoteAddr().String() {
		t.Errorf("%d dials, want the one made ahead", s.dialer.count.Load())
	}
}
