package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"servebench/reports/record"
)

// BenchmarkLag drives a server in this very process for a second an iteration
// and reports how late requests were sent. Run it with -benchtime 3x.
func BenchmarkLag(b *testing.B) {
	s := serve(b, func(w http.ResponseWriter, r *http.Request) { answer(b, w, r) })
	for _, rate := range []int{200, 1000, 5000} {
		b.Run(fmt.Sprintf("%d_per_s", rate), func(b *testing.B) {
			cfg, log := load(b, s.URL, time.Second/time.Duration(rate), rate)
			for b.Loop() {
				if _, err := Run(context.Background(), cfg); err != nil {
					b.Fatal(err)
				}
				log.starts = nil
			}
			for _, p := range []float64{50, 99, 99.9} {
				b.ReportMetric(float64(log.quantile(record.TagLag, p).Nanoseconds())/1e3, fmt.Sprintf("lag-p%v-µs", p))
			}
			b.ReportMetric(float64(log.quantile(record.TagService, 50).Nanoseconds())/1e3, "service-p50-µs")
		})
	}
}

// nullTransport answers at once, without a network.
type nullTransport struct{ body []byte }

func (n nullTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(n.body))}, nil
}

// BenchmarkOverhead sends requests as fast as the engine can to a transport
// that costs nothing: what vegeta and this package spend on a request.
func BenchmarkOverhead(b *testing.B) {
	b.ReportAllocs()
	cfg, _ := load(b, "http://127.0.0.1:9", time.Nanosecond, b.N)
	cfg.Corpus = newCorpus(b, 1)
	var a ask
	if err := json.Unmarshal(cfg.Corpus.Request(0).Body, &a); err != nil {
		b.Fatal(err)
	}
	cfg.Endpoint.Transport = nullTransport{fmt.Append(nil, a.X)}
	cfg.MaxInFlight = 16
	cfg.Log = noLog{}
	cell, err := Run(context.Background(), cfg)
	if err != nil || cell.Ledger.OK != int64(b.N) {
		b.Fatal(cell.Ledger, err)
	}
	b.ReportMetric(float64(cell.Instrument.CPU.Nanoseconds())/float64(b.N), "cpu-ns/op")
}
