package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/protocol"
)

// carrier is a way to reach the server.
type carrier struct {
	name     string
	secure   bool
	socket   bool
	standard bool
}

func carriers() []carrier {
	return []carrier{
		{name: "own over TCP"},
		{name: "own over TLS", secure: true},
		{name: "own over a Unix socket", socket: true},
		{name: "net/http over TCP", standard: true},
		{name: "net/http over TLS", standard: true, secure: true},
		{name: "net/http over a Unix socket", standard: true, socket: true},
	}
}

// step is what a scripted server does next on a connection. It reports false when
// the connection is over.
type step func(s *session) bool

// session is one connection of a scripted server.
type session struct {
	net.Conn
	plain  net.Conn // beneath TLS
	in     *bufio.Reader
	server *scripted
}

// scripted is a server that does what it is told, byte for byte: the k-th
// connection plays the k-th script, later ones the last.
type scripted struct {
	scripts  [][]step
	endpoint targets.Endpoint
	accepted atomic.Int64
	signal   chan struct{} // for steps that wait for the test
	ended    chan struct{}

	mu   sync.Mutex
	seen []*http.Request
}

func newScripted(scripts ...[]step) *scripted {
	return &scripted{scripts: scripts, signal: make(chan struct{}, 8), ended: make(chan struct{})}
}

// serve starts the server for a carrier.
func (s *scripted) serve(t testing.TB, by carrier) targets.Endpoint {
	t.Helper()
	network, address := "tcp", "127.0.0.1:0"
	if by.socket {
		network, address = "unix", filepath.Join(t.TempDir(), "socket")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := targets.Endpoint{URL: "http://" + l.Addr().String()}
	if by.socket {
		endpoint = targets.Endpoint{URL: "http://localhost", Socket: address}
	}
	var config *tls.Config
	if by.secure {
		endpoint.URL = "https://" + l.Addr().String()
		config, endpoint.TLS = certificate()
	}
	s.endpoint = endpoint
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			script := s.scripts[min(int(s.accepted.Add(1)), len(s.scripts))-1]
			sessions.Go(func() { s.play(c, config, script) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(s.ended)
		sessions.Wait()
	})
	return endpoint
}

// certificate returns httptest's own, and the authority that signs it.
func certificate() (server, client *tls.Config) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// play plays a script, and leaves the connection open until the test is over.
func (s *scripted) play(c net.Conn, config *tls.Config, script []step) {
	defer c.Close()
	over := make(chan struct{})
	defer close(over)
	go func() { // a step that waits ends with the test
		select {
		case <-s.ended:
			c.SetDeadline(time.Unix(1, 0))
		case <-over:
		}
	}()
	session := &session{Conn: c, plain: c, server: s}
	if config != nil {
		session.Conn = tls.Server(c, config)
	}
	session.in = bufio.NewReader(session.Conn)
	for _, step := range script {
		if !step(session) {
			return
		}
	}
	<-s.ended
}

// asked reads one request, body included.
func asked(s *session) bool {
	r, err := http.ReadRequest(s.in)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.seen = append(s.server.seen, r)
	return true
}

// requests returns what was asked so far.
func (s *scripted) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// await returns when n requests were read, or the test is over.
func (s *scripted) await(n int) {
	for len(s.requests()) < n {
		select {
		case <-s.ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// shakes does nothing but what TLS asks for.
func shakes(s *session) bool {
	if c, ok := s.Conn.(*tls.Conn); ok {
		return c.Handshake() == nil
	}
	return true
}

// begun reads the head of a request and nothing of its body.
func begun(s *session) bool {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == "\r\n" {
			return true
		}
	}
}

// says sends texts, each in a packet of its own.
func says(texts ...string) step {
	return func(s *session) bool {
		for i, text := range texts {
			if i > 0 {
				time.Sleep(2 * time.Millisecond)
			}
			if _, err := io.WriteString(s.Conn, text); err != nil {
				return false
			}
		}
		return true
	}
}

// spells sends a text byte by byte.
func spells(text string) step {
	return func(s *session) bool {
		for i := range len(text) {
			if !says(text[i : i+1])(s) {
				return false
			}
			if i%16 == 0 {
				time.Sleep(100 * time.Microsecond)
			}
		}
		return true
	}
}

// hangsUp closes the connection.
func hangsUp(s *session) bool {
	s.Conn.Close()
	return false
}

// resets ends it by a reset.
func resets(s *session) bool {
	if c, ok := s.plain.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	s.plain.Close()
	return false
}

// halfCloses falls silent on its side, and goes on listening.
func halfCloses(s *session) bool {
	if c, ok := s.Conn.(*tls.Conn); ok {
		c.CloseWrite()
	}
	s.plain.(interface{ CloseWrite() error }).CloseWrite()
	return true
}

// waits goes on when the test says so.
func waits(s *session) bool {
	select {
	case <-s.server.signal:
		return true
	case <-s.server.ended:
		return false
	}
}

// dial returns the transport for a scripted server.
func (by carrier) dial(t testing.TB, endpoint targets.Endpoint, change func(*Config)) Sender {
	t.Helper()
	cfg := Config{Endpoint: endpoint, Connections: 4, Options: Options{Standard: by.standard}}
	if change != nil {
		change(&cfg)
	}
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// message lays out a request for the server.
func message(t testing.TB, endpoint targets.Endpoint, method, body string) *Message {
	t.Helper()
	return lay(t, endpoint, protocol.Request{Method: method, Path: "/path?x=1", Body: []byte(body)}, false)
}

func lay(t testing.TB, endpoint targets.Endpoint, r protocol.Request, last bool) *Message {
	t.Helper()
	m, err := NewMessage(endpoint.URL, r, last, targets.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// send sends a message, and gives up long after every test should have ended.
func send(ctx context.Context, tr Sender, m *Message) (*Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	o := &Outcome{}
	return o, tr.Send(ctx, m, o)
}
