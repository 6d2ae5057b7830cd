package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"
	builtin "servebench/targets/reference/models"
)

// benchmarkRequest is a request of one row of nine features, as a load
// generator sends it.
func benchmarkRequest(b *testing.B) protocol.Request {
	b.Helper()
	p, err := v2.Kind().Open(protocol.Config{Model: NoopName, Schema: Noop().Schema})
	if err != nil {
		b.Fatal(err)
	}
	row := generators.Example{Features: []float32{67421.336, 0, 43, 2, 11, 3, 487211.94, 17, 238170.7}}
	req, err := p.Encode("request-000001", []generators.Example{row})
	if err != nil {
		b.Fatal(err)
	}
	return req
}

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func benchmarkServer(b *testing.B) *Server {
	b.Helper()
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkHandler is the server's own part of a request to the model noop:
// everything but the network and net/http.
func BenchmarkHandler(b *testing.B) {
	s, req := benchmarkServer(b), benchmarkRequest(b)
	r := httptest.NewRequest(req.Method, req.Path, nil)
	body := bytes.NewReader(req.Body)
	w := nowhere{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(req.Body)
		r.Body, r.ContentLength = io.NopCloser(body), int64(len(req.Body))
		s.Handler().ServeHTTP(w, r)
	}
}

// BenchmarkLoopback is one request after another over a kept connection: the
// floor below every latency measured against this server.
func BenchmarkLoopback(b *testing.B) {
	s, req := benchmarkServer(b), benchmarkRequest(b)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for b.Loop() {
		resp, err := server.Client().Post(server.URL+req.Path, "application/json", bytes.NewReader(req.Body))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status, err)
		}
		resp.Body.Close()
	}
}

// BenchmarkAgainstConstant asks the model credit, and in turns a handler that reads the
// same body and answers a constant of the same length, over a kept connection each, and
// reports which part of the handler's throughput inference reaches.
func BenchmarkAgainstConstant(b *testing.B) {
	credit, err := builtin.Named("credit")
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Models: models(credit.Served())})
	if err != nil {
		b.Fatal(err)
	}
	request := strings.Replace(string(benchmarkRequest(b).Body), NoopName, credit.Name, 1)
	body := infer(s, credit.Name, strings.NewReader(request)).Body.Bytes()
	constant := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Error(err)
		}
		protocol.WriteAnswer(w, http.StatusOK, "application/json", body)
	})
	inference, floor := newAsker(b, s.Handler(), request), newAsker(b, constant, request)
	var took, least time.Duration
	for b.Loop() {
		took += inference.ask(b, 100)
		least += floor.ask(b, 100)
	}
	b.ReportMetric(100*least.Seconds()/took.Seconds(), "%-of-constant")
	b.ReportMetric(100*float64(b.N)/took.Seconds(), "requests/s")
}

// asker sends one request again and again over a connection of its own, with an id that counts up.
type asker struct {
	conn    net.Conn
	request []byte
	count   []byte // the digits of the id
	answer  *bufio.Reader
}

func newAsker(b *testing.B, h http.Handler, body string) *asker {
	b.Helper()
	server := httptest.NewServer(h)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		server.Close()
	})
	head := fmt.Sprintf("POST /v2/models/credit/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
	a := &asker{conn: conn, request: []byte(head + body), answer: bufio.NewReader(conn)}
	const id = `"id":"request-`
	first := strings.Index(head+body, id) + len(id)
	a.count = a.request[first : first+6]
	return a
}

// next changes the id.
func (a *asker) next() {
	for i := len(a.count) - 1; i >= 0; i-- {
		if a.count[i]++; a.count[i] <= '9' {
			return
		}
		a.count[i] = '0'
	}
}

func (a *asker) ask(b *testing.B, times int) time.Duration {
	start := time.Now()
	for range times {
		a.next()
		if _, err := a.conn.Write(a.request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(a.answer, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// BenchmarkObserve is what counting costs a request.
func BenchmarkObserve(b *testing.B) {
	observer := newMetrics("bench").observer(Noop())
	done := protocol.Inference{Status: http.StatusOK, Rows: 1, Decode: 1500, Compute: 900, Encode: 700}
	b.ReportAllocs()
	for b.Loop() {
		observer.Observe(done)
	}
}
