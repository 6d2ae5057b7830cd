package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/protocol"
)

// dropping is a server that reads every tenth request whole, works on it, and closes
// the connection without an answer.
type dropping struct {
	work  time.Duration
	reset bool

	mu    sync.Mutex
	count map[string]int // requests by their path
}

func (s *dropping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	s.count[r.URL.Path]++
	s.mu.Unlock()
	if !strings.HasSuffix(r.URL.Path, "9") {
		return
	}
	time.Sleep(s.work)
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if s.reset {
		plain := c
		if secure, ok := c.(*tls.Conn); ok {
			plain = secure.NetConn()
		}
		plain.(*net.TCPConn).SetLinger(0)
		plain.Close()
	}
	c.Close()
}

// serve starts the server for a carrier.
func (s *dropping) serve(t *testing.T, by carrier) targets.Endpoint {
	t.Helper()
	s.count = map[string]int{}
	server := httptest.NewUnstartedServer(s)
	endpoint := targets.Endpoint{}
	if by.secure {
		server.StartTLS()
		endpoint.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	endpoint.URL = server.URL
	return endpoint
}

// TestDroppedRequestsFail holds both clients to it that a request which the server
// took and did not answer has failed, and was sent once, whatever its method.
func TestDroppedRequestsFail(t *testing.T) {
	for _, by := range carriers() {
		if by.socket {
			continue
		}
		for _, method := range []string{"GET", "PUT", "POST"} {
			for _, reset := range []bool{false, true} {
				for _, work := range []time.Duration{0, 20 * time.Millisecond} {
					t.Run(fmt.Sprintf("%s/%s/reset=%v/work=%v", by.name, method, reset, work), func(t *testing.T) {
						t.Parallel()
						s := &dropping{work: work, reset: reset}
						endpoint := s.serve(t, by)
						tr := by.dial(t, endpoint, func(cfg *Config) { cfg.RetryNonIdempotent = true })
						s.attack(t, tr, endpoint, method)
					})
				}
			}
		}
	}
}

// attack sends 50 requests, one after the other.
func (s *dropping) attack(t *testing.T, tr Sender, endpoint targets.Endpoint, method string) {
	failed := 0
	for k := range 50 {
		m := lay(t, endpoint, protocol.Request{Method: method, Path: fmt.Sprint("/", k), Body: []byte("question")}, false)
		if _, err := send(t.Context(), tr, m); err != nil {
			failed++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, n := range s.count {
		if n != 1 {
			t.Errorf("the server read %s %d times, want once", path, n)
		}
	}
	if retries := tr.Stats().Retries; failed != 5 || len(s.count) != 50 || retries != 0 {
		t.Errorf("%d failed, the server read %d, %d retries; want 5, 50 and 0", failed, len(s.count), retries)
	}
}

// TestIdleCloseIsNoFailure lets the server close a connection that was idle between
// the look at it and the request, which the server never sees.
func TestIdleCloseIsNoFailure(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell what the server has seen")
	}
	for _, by := range carriers()[:2] {
		for _, c := range []struct {
			method string
			twice  bool
			fails  bool
		}{
			{method: "GET"}, {method: "PUT"}, {method: "POST", fails: true}, {method: "POST", twice: true},
		} {
			t.Run(fmt.Sprintf("%s/%s/retry_non_idempotent=%v", by.name, c.method, c.twice), func(t *testing.T) {
				t.Parallel()
				endpoint := newScripted([]step{shakes, hangsUp}, []step{asked, says(okay)}).serve(t, by)
				tr := by.dial(t, endpoint, func(cfg *Config) { cfg.RetryNonIdempotent = c.twice }).(*client)
				tr.Warm(t.Context(), 1)
				idle := tr.pools.only.idle[0]
				for alive(idle.Conn, idle.idleSince) { // over TLS by the end of the connection
					time.Sleep(time.Millisecond)
				}
				idle.idleSince = time.Now().Add(time.Hour) // it is not looked at again
				a, retries := ok("ok"), int64(1)
				if c.fails {
					a, retries = ask{err: io.EOF}, 0
				}
				a.play(t, 0, tr, message(t, endpoint, c.method, "question"))
				if got := tr.Stats().Retries; got != retries {
					t.Errorf("%d retries, want %d", got, retries)
				}
			})
		}
	}
}

// TestStandardRepeatsWhatWasNotSent lets the server close an idle connection after
// net/http has chosen it, and before the request is written.
func TestStandardRepeatsWhatWasNotSent(t *testing.T) {
	for _, by := range carriers()[3:] {
		for _, method := range []string{"GET", "POST"} {
			t.Run(by.name+"/"+method, func(t *testing.T) {
				t.Parallel()
				s := newScripted([]step{asked, says(okay), waits, hangsUp}, []step{asked, says(okay)})
				endpoint := s.serve(t, by)
				tr := by.dial(t, endpoint, nil)
				m := message(t, endpoint, method, "question")
				answered(t, tr, m)
				chosen := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
					if !info.Reused {
						return
					}
					s.signal <- struct{}{}
					for linkOf(info.Conn).end.Load() == nil {
						time.Sleep(time.Millisecond)
					}
				}}
				ok("ok").playUnder(httptrace.WithClientTrace(t.Context(), chosen), t, 1, tr, m)
				if got := tr.Stats().Retries; got != 1 || len(s.requests()) != 2 {
					t.Errorf("%d retries, and the server read %d requests; want 1 and 2", got, len(s.requests()))
				}
			})
		}
	}
}

// TestLinkTellsIdleCloseFromDrop plays the ends of a connection at a socket.
func TestLinkTellsIdleCloseFromDrop(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell what the server has seen")
	}
	for _, c := range []struct {
		name string
		// what the server does before and after the request is written to it.
		before, after func(*net.TCPConn)
		want          [2]bool // whether it may be repeated if it is not idempotent, and if it is
	}{
		{name: "closed before", before: func(c *net.TCPConn) { c.Close() }, want: [2]bool{false, true}},
		{name: "read, and closed", after: func(c *net.TCPConn) { readOnce(c); c.Close() }},
		{name: "read, and reset", after: func(c *net.TCPConn) { readOnce(c); c.SetLinger(0); c.Close() }},
		{name: "closed unread", after: func(c *net.TCPConn) { c.Close() }},
		{name: "reset before", before: func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, want: [2]bool{true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, accepted := listen(t)
			socket, err := (&dialer{network: "tcp"}).dial(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer socket.Close()
			server := (<-accepted).(*net.TCPConn)
			defer server.Close()
			l := linkOf(socket)
			// A first exchange, so that the counts do not begin with the request.
			l.Write([]byte("first"))
			readOnce(server)
			server.Write([]byte("answer"))
			l.Read(make([]byte, 100))
			if c.before != nil {
				c.before(server)
				time.Sleep(50 * time.Millisecond) // on the way to this side
			}
			before := l.written.Load()
			l.Write([]byte("request"))
			if c.after != nil {
				c.after(server)
			}
			l.SetReadDeadline(time.Now().Add(10 * time.Second))
			l.Read(make([]byte, 1))
			if got := [2]bool{l.mayRepeat(before, false), l.mayRepeat(before, true)}; got != c.want {
				t.Errorf("may be repeated: %v (%+v, %d + %d written), want %v", got, *l.end.Load(), before, l.written.Load()-before, c.want)
			}
		})
	}
}

func readOnce(c *net.TCPConn) { c.Read(make([]byte, 100)) }

// TestRefusedStreamsFail resets every stream of HTTP/2 once its request was read:
// net/http alone would send it seven times.
func TestRefusedStreamsFail(t *testing.T) {
	const protocolError, refusedStream = 0x1, 0x7
	for _, c := range []struct {
		method string
		code   uint32
	}{{"GET", refusedStream}, {"GET", protocolError}, {"POST", refusedStream}, {"POST", protocolError}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			address, accepted := listen(t)
			var requests atomic.Int64
			go func() {
				for conn := range accepted {
					go refuseStreams(conn, c.code, &requests)
				}
			}()
			endpoint := targets.Endpoint{URL: "http://" + address}
			tr := carrier{}.dial(t, endpoint, func(cfg *Config) { cfg.Version = HTTP2 })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := send(ctx, tr, message(t, endpoint, c.method, strings.Repeat("x", len(c.method)-3)))
			if !errors.Is(err, errStreamRefused) {
				t.Errorf("%v, want %v", err, errStreamRefused)
			}
			if n := requests.Load(); n != 1 || tr.Stats().Retries != 0 {
				t.Errorf("the server read %d requests, %d retries; want 1 and 0", n, tr.Stats().Retries)
			}
		})
	}
}

// refuseStreams resets every stream of a connection of HTTP/2, and counts them (RFC
// 9113, 4.1).
func refuseStreams(c net.Conn, code uint32, streams *atomic.Int64) {
	defer c.Close()
	in := bufio.NewReader(c)
	io.ReadFull(in, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
	const headers, rstStream, settings = 1, 3, 4
	c.Write(frame(settings, 0, nil))
	for {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		io.CopyN(io.Discard, in, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
		if head[3] == headers {
			streams.Add(1)
			c.Write(frame(rstStream, binary.BigEndian.Uint32(head[5:]), binary.BigEndian.AppendUint32(nil, code)))
		}
	}
}

func frame(kind byte, stream uint32, payload []byte) []byte {
	b := []byte{0, 0, byte(len(payload)), kind, 0}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}
