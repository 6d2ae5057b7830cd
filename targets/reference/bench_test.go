package reference

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"
)

// benchmarkRequest is a request of one row of nine features, as a load
// generator sends it.
func benchmarkRequest(b *testing.B) protocol.Request {
	b.Helper()
	p, err := v2.Kind().Open(protocol.Config{Model: NoopName})
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

// BenchmarkObserve is what counting costs a request.
func BenchmarkObserve(b *testing.B) {
	observer := newMetrics("bench").observer(Noop())
	done := protocol.Inference{Status: http.StatusOK, Rows: 1, Decode: 1500, Compute: 900, Encode: 700}
	b.ReportAllocs()
	for b.Loop() {
		observer.Observe(done)
	}
}
