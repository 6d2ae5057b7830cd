package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// streamType is the header field that says what a stream of a tunnel is for.
const streamType = "streamType"

// Tunnel connects to a port of a pod's own loopback through the API server, as kubectl
// port-forward does, but without a port here that others could use. It is safe for
// concurrent use.
type Tunnel struct {
	client *Client
	pod    string // its path
	port   int

	mu   sync.Mutex
	conn httpstream.Connection // nil: none yet
	last int                   // id of a connection
}

// NewTunnel returns one to a pod. It is opened when it is needed, and again where it broke.
func (c *Client) NewTunnel(namespace, pod string, port int) *Tunnel {
	return &Tunnel{client: c, pod: Path("pods", namespace, pod, "portforward"), port: port}
}

// Dial makes a connection. A port that refuses it ends it, and on some nodes all others.
func (t *Tunnel) Dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	conn, err := t.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a tunnel to the pod: %w", err)
	}
	t.last++
	headers := http.Header{}
	headers.Set("port", strconv.Itoa(t.port))
	headers.Set("requestID", strconv.Itoa(t.last))
	headers.Set(streamType, "error")
	faults, err := conn.CreateStream(headers)
	if err == nil {
		faults.Close() // nothing is written to it
		headers.Set(streamType, "data")
		var data httpstream.Stream
		if data, err = conn.CreateStream(headers); err == nil {
			s := &stream{Stream: data, conn: conn, faults: faults, refused: make(chan struct{})}
			go s.readFault()
			return s, nil
		}
		conn.RemoveStreams(faults)
	}
	t.drop()
	return nil, fmt.Errorf("use the tunnel to the pod: %w", err)
}

// open returns the connection that carries all others. The lock is held.
func (t *Tunnel) open(ctx context.Context) (httpstream.Connection, error) {
	if t.conn != nil {
		select {
		case <-t.conn.CloseChan():
			t.drop()
		default:
			return t.conn, nil
		}
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, t.client.URL+t.pod, nil)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(t.client.Config)
	if err != nil {
		return nil, err
	}
	type opened struct {
		conn httpstream.Connection
		err  error
	}
	answer := make(chan opened, 1)
	go func() { // nothing bounds it
		conn, _, err := spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, request, portforward.PortForwardProtocolV1Name)
		answer <- opened{conn, err}
	}()
	select {
	case o := <-answer:
		t.conn = o.conn
		return o.conn, o.err
	case <-time.After(requestTime):
		go func() {
			if late := <-answer; late.err == nil {
				late.conn.Close()
			}
		}()
		return nil, errSilent
	}
}

// drop ends the connection that carries all others. The lock is held.
func (t *Tunnel) drop() {
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}

// Close ends all connections.
func (t *Tunnel) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
}

// stream is a connection within a tunnel. It has no deadlines.
type stream struct {
	httpstream.Stream
	conn    httpstream.Connection
	faults  httpstream.Stream
	refused chan struct{} // closed when the fault is known
	fault   error
	once    sync.Once
}

// mostFault bounds what is read of a fault.
const mostFault = 4 << 10

func (s *stream) readFault() {
	defer close(s.refused)
	text, err := io.ReadAll(io.LimitReader(s.faults, mostFault))
	if len(text) > 0 {
		s.fault = errors.New(strings.TrimSpace(string(text)))
	} else if err != nil && !errors.Is(err, io.EOF) {
		s.fault = err
	}
	if s.fault != nil { // else it is over when the data are
		_ = s.Stream.Reset()
	}
}

// Read says what became of the connection where the node told.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if err != nil && n == 0 {
		select {
		case <-s.refused:
			if s.fault != nil {
				return 0, s.fault
			}
		default:
		}
	}
	return n, err
}

// Close ends the connection at once, which ends a Read.
func (s *stream) Close() error {
	s.once.Do(func() {
		_ = s.Stream.Reset()
		_ = s.faults.Reset()
		s.conn.RemoveStreams(s.Stream, s.faults)
	})
	return nil
}

type place string

func (p place) Network() string { return "tunnel" }
func (p place) String() string  { return string(p) }

// LocalAddr implements net.Conn.
func (s *stream) LocalAddr() net.Addr { return place("here") }

// RemoteAddr implements net.Conn.
func (s *stream) RemoteAddr() net.Addr { return place("pod") }

// SetDeadline does nothing.
func (s *stream) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (s *stream) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (s *stream) SetWriteDeadline(time.Time) error { return nil }
