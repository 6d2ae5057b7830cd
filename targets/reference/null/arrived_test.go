package null

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestTellsOfArrivals has every request told of before its answer.
func TestTellsOfArrivals(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var arrived atomic.Int64
	server := New(Body)
	server.Arrived = func(net.Conn) { arrived.Add(1) }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	for i := range int64(3) {
		resp, err := http.Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader("question"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if n := arrived.Load(); n != i+1 {
			t.Errorf("told of %d arrivals after %d answers", n, i+1)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
