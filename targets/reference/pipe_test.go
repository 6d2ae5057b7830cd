package reference

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// pipeListener accepts in-memory connections, so that a whole server runs on
// synctest's virtual time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	}
}

// conn is a client's connection that sends raw requests.
type conn struct {
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, l *pipeListener) *conn {
	t.Helper()
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	return &conn{Conn: c, answers: bufio.NewReader(c)}
}

func (c *conn) send(t *testing.T, raw string) {
	t.Helper()
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
}

// read returns the next answer with its body.
func (c *conn) read(t *testing.T) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		t.Fatalf("read an answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read an answer's body: %v", err)
	}
	return resp, string(body)
}

const readyRequest = "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n"

// inferRequest is a raw inference request to the model.
func inferRequest(model string) string {
	body := `{"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[1]}]}`
	return "POST /v2/models/" + model + "/infer HTTP/1.1\r\nHost: x\r\nContent-Length: " +
		itoa(len(body)) + "\r\n\r\n" + body
}

// blocking is a model that answers once release is closed.
func blocking(release <-chan struct{}) protocol.Model {
	return protocol.Model{Name: "blocking", Version: "1",
		Schema:  generators.Schema{Features: []generators.Feature{{Name: "x"}}, Classes: []string{"0", "1"}},
		Predict: protocol.Binary(func([]float32) float32 { <-release; return 0.5 }),
	}
}

func newServer(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start serves on a pipe; the channel gets Serve's result after stop.
func start(t *testing.T, s *Server) (l *pipeListener, stop func(), ended <-chan error) {
	t.Helper()
	l = newPipeListener()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	return l, stop, done
}

// metric returns the value of one line of /metrics.
func metric(t *testing.T, page, name string) string {
	t.Helper()
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Errorf("/metrics has no %s", name)
	return ""
}
