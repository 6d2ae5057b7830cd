package v2

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

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
		w := serve(b, Handler(protocol.Service{Models: []protocol.Model{nine()}}), benchmarkBody(b, rows))
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
	h := Handler(protocol.Service{Models: []protocol.Model{nine()}})
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
