package timer

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// TestLateWaitsServeTheNetwork keeps one processor busy with waits that are over,
// and expects what comes over the network to be seen all the same.
func TestLateWaitsServeTheNetwork(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		if conn, err := l.Accept(); err == nil {
			conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	past := time.Now()
	for waits := 0; ; waits++ {
		w.Wait(past)
		select {
		case <-seen:
			return
		default:
		}
		if waits > 100_000_000 {
			t.Fatal("the connection was not seen")
		}
	}
}
