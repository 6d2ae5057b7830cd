package v2

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"
)

// loan is a row as the credit generator makes them.
var loan = [...]float32{67421.336, 0, 43, 2, 11, 3, 487211.94, 17, 238170.7}

func loans(n int) []generators.Example {
	batch := make([]generators.Example, n)
	for i := range batch {
		batch[i].Features = loan[:]
	}
	return batch
}

func nine() protocol.Model {
	m := sum()
	m.Name, m.Schema.Features = "nine", make([]generators.Feature, len(loan))
	m.Predict = protocol.Binary(func([]float32) float32 { return 0.123456789 })
	return m
}

func nineClient(t testing.TB) protocol.Protocol {
	t.Helper()
	c, err := Kind().Open(protocol.Config{Model: "nine", Schema: nine().Schema})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func benchmarkBody(t testing.TB, rows int) string {
	t.Helper()
	req, err := nineClient(t).Encode("request-000001", loans(rows))
	if err != nil {
		t.Fatal(err)
	}
	return string(req.Body)
}

func BenchmarkEncode(b *testing.B) {
	c := nineClient(b)
	for _, rows := range []int{1, 32} {
		batch := loans(rows)
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Encode("request-000001", batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "examples/s")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	c := nineClient(b)
	for _, rows := range []int{1, 32} {
		w := serve(b, Handler(protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: nine()})}), benchmarkBody(b, rows))
		resp := protocol.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(resp.Body)))
			for b.Loop() {
				if _, err := c.Decode(resp); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func serve(t testing.TB, h http.Handler, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/v2/models/nine/infer", bytes.NewReader([]byte(body))))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w
}

func BenchmarkDecodeRequest(b *testing.B) {
	for _, rows := range []int{1, 32} {
		body := []byte(benchmarkBody(b, rows))
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			batch, m, offered := &protocol.Batch{Body: body}, served(len(loan), 0), tensors.Offered(2)
			for b.Loop() {
				batch.Features = batch.Features[:0]
				if err := decodeRequest(m, offered, batch, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// The whole handling of one request, without the network and net/http's part.
func BenchmarkInfer(b *testing.B) {
	h := Handler(protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: nine()})})
	body := []byte(benchmarkBody(b, 1))
	r := httptest.NewRequest("POST", "/v2/models/nine/infer", nil)
	reader := bytes.NewReader(body)
	r.Body, r.ContentLength = io.NopCloser(reader), int64(len(body))
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		h.ServeHTTP(w, r)
	}
}

// BenchmarkBinary asks for 256 rows in JSON and in binary by turns, and reports how many
// times as many rows a second binary tensors reach: in the handler, in the client that
// reads the answer, and over a kept connection. There a handler that answers the same
// bytes without reading those that it got shows what is left to gain.
func BenchmarkBinary(b *testing.B) {
	h := Handler(protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: nine()})})
	for name, open := range map[string]func(testing.TB, http.Handler, protocol.Protocol, protocol.Request) func(){
		"handler": askHandler, "answer": readAnswer, "loopback": askLoopback,
	} {
		b.Run(name, func(b *testing.B) {
			var asks []func()
			for _, kind := range []protocol.Kind{Kind(), BinaryKind()} {
				p, err := kind.Open(protocol.Config{Model: "nine", Schema: nine().Schema})
				if err != nil {
					b.Fatal(err)
				}
				req, err := p.Encode("request-000001", loans(benchmarkRows))
				if err != nil {
					b.Fatal(err)
				}
				asks = append(asks, open(b, h, p, req))
				if name == "loopback" && kind.Name == BinaryKind().Name {
					asks = append(asks, open(b, constant(h, req), p, req))
				}
			}
			compareBinary(b, asks)
		})
	}
}

const benchmarkRows = 256

// compareBinary asks by turns in JSON, in binary, and of what answers a constant, if there
// is one.
func compareBinary(b *testing.B, asks []func()) {
	const times = 20
	took := make([]time.Duration, len(asks))
	for b.Loop() {
		for i := range asks {
			start := time.Now()
			for range times {
				asks[i]()
			}
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "binary/JSON")
	for i, unit := range []string{"JSON-rows/s", "binary-rows/s", "constant-rows/s"}[:len(asks)] {
		b.ReportMetric(float64(times*benchmarkRows*b.N)/took[i].Seconds(), unit)
	}
}

// constant answers what h does to a request, to whatever it is asked.
func constant(h http.Handler, req protocol.Request) http.Handler {
	r := httptest.NewRequest(req.Method, req.Path, bytes.NewReader(req.Body))
	r.Header = req.Header
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What cannot be read is of no matter to a constant.
		_, _ = io.Copy(io.Discard, r.Body)
		protocol.WriteAnswer(w, answer.Code, answer.Header().Get("Content-Type"), answer.Body.Bytes())
	})
}

// askHandler has a handler answer a request.
func askHandler(_ testing.TB, h http.Handler, _ protocol.Protocol, req protocol.Request) func() {
	r := httptest.NewRequest(req.Method, req.Path, nil)
	body := bytes.NewReader(req.Body)
	r.Header, r.Body, r.ContentLength = req.Header, io.NopCloser(body), int64(len(req.Body))
	w := discard{http.Header{}}
	return func() {
		body.Reset(req.Body)
		h.ServeHTTP(w, r)
	}
}

// readAnswer decodes what a handler answers to a request.
func readAnswer(t testing.TB, h http.Handler, p protocol.Protocol, req protocol.Request) func() {
	r := httptest.NewRequest(req.Method, req.Path, bytes.NewReader(req.Body))
	r.Header = req.Header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := protocol.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
	return func() {
		if _, err := p.Decode(answer); err != nil {
			t.Fatal(err)
		}
	}
}

// askLoopback sends a request, as it was encoded before the load, and reads the answer's bytes.
func askLoopback(t testing.TB, h http.Handler, _ protocol.Protocol, req protocol.Request) func() {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n", req.Method, req.Path, len(req.Body))
	if err := req.Header.Write(&wire); err != nil {
		t.Fatal(err)
	}
	wire.WriteString("\r\n")
	wire.Write(req.Body)
	in := bufio.NewReader(conn)
	return func() {
		if _, err := conn.Write(wire.Bytes()); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
	}
}
