package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
)

// BenchmarkLag sends for two seconds an iteration and reports how late requests
// were sent, with the generator on one CPU and the server on another. Run it with
// -benchtime 1x.
func BenchmarkLag(b *testing.B) {
	url := apart(b)
	for _, rate := range []int{1_000, 5_000, 10_000, 20_000} {
		for _, process := range []struct {
			name     string
			arrivals func(gap time.Duration, n int) iter.Seq[time.Duration]
		}{{"constant", every}, {"poisson", poisson}} {
			b.Run(fmt.Sprintf("%s_%d_per_s", process.name, rate), func(b *testing.B) {
				// The testing package sets it anew for each of these; two on one CPU
				// would keep it from each other.
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				gap := time.Second / time.Duration(rate)
				cfg, log := load(b, url, gap, 2*rate)
				cfg.Corpus, cfg.Arrivals = nothingCorpus(b), process.arrivals(gap, 2*rate)
				var cpu, busy time.Duration
				for b.Loop() {
					cell, err := Run(context.Background(), cfg)
					if err != nil || cell.Ledger.OK != cell.Ledger.Scheduled {
						b.Fatal(cell.Ledger, cell.Errors, err)
					}
					log.starts = nil
					cpu += cell.Instrument.SendingCPU
					busy += cell.Instrument.SendingTime
				}
				for _, p := range []float64{50, 99, 99.9} {
					b.ReportMetric(float64(log.quantile(record.TagLag, p).Nanoseconds())/1e3, fmt.Sprintf("lag-p%v-µs", p))
				}
				b.ReportMetric(100*cpu.Seconds()/busy.Seconds(), "cpu-%")
			})
		}
	}
}

// poisson returns about n arrivals with exponential gaps.
func poisson(gap time.Duration, n int) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		rng := rand.New(rand.NewPCG(1, 0))
		end := gap * time.Duration(n)
		for at := time.Duration(0); at < end; at += time.Duration(rng.ExpFloat64() * float64(gap)) {
			if !yield(at) {
				return
			}
		}
	}
}

// BenchmarkClosed runs 16 workers for two seconds an iteration, with the
// generator on one CPU and the server on another, and reports what a request
// costs the generator. Run it with -benchtime 1x.
func BenchmarkClosed(b *testing.B) {
	cfg, _ := closedLoad(b, apart(b), 16, 2*time.Second)
	cfg.Corpus, cfg.Log = nothingCorpus(b), noLog{}
	var sent int64
	var cpu time.Duration
	for b.Loop() {
		cell, err := Run(context.Background(), cfg)
		if err != nil || cell.Ledger.OK != cell.Ledger.Sent {
			b.Fatal(cell.Ledger, cell.Errors, err)
		}
		sent += cell.Ledger.Sent
		cpu += cell.Instrument.SendingCPU
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/1e3/float64(sent), "cpu-µs/request")
	b.ReportMetric(float64(sent)/2/float64(b.N), "requests/s")
}

// BenchmarkResident sends two million requests and reports the memory that this
// process has resident after the first 100,000 and after the last. Run it with
// -benchtime 1x.
func BenchmarkResident(b *testing.B) {
	const early, requests = 100_000, 2_000_000
	cfg, _ := load(b, "http://127.0.0.1:9", 10*time.Microsecond, requests)
	counting := &countingTransport{nullTransport: nullTransport{[]byte("0")}, at: map[int64]float64{}, early: early}
	cfg.Corpus, cfg.Endpoint.Transport, cfg.Log = nothingCorpus(b), counting, noLog{}
	cfg.MaxInFlight = 16
	for b.Loop() {
		counting.n.Store(0)
		cell, err := Run(context.Background(), cfg)
		if err != nil || cell.Ledger.OK != requests {
			b.Fatal(cell.Ledger, cell.Errors, err)
		}
	}
	after, before := resident(b), counting.at[early]
	b.ReportMetric(before, "MiB-at-100k")
	b.ReportMetric(after, "MiB-at-2M")
	b.ReportMetric(100*(after/before-1), "growth-%")
}

// countingTransport notes the resident memory at one of its requests.
type countingTransport struct {
	nullTransport
	n     atomic.Int64
	early int64
	at    map[int64]float64
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if n := c.n.Add(1); n == c.early {
		c.at[n] = residentNow()
	}
	return c.nullTransport.RoundTrip(r)
}

func resident(b *testing.B) float64 {
	mib := residentNow()
	if mib == 0 {
		b.Skip("this system has no /proc/self/statm: run it on Linux to know the resident memory")
	}
	return mib
}

// residentNow returns the resident memory in MiB; 0: not known here.
func residentNow() float64 {
	statm, err := os.ReadFile("/proc/self/statm")
	var size, pages float64
	if err != nil {
		return 0
	}
	fmt.Sscan(string(statm), &size, &pages)
	return pages * float64(os.Getpagesize()) / (1 << 20)
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
	if err := json.Unmarshal(cfg.Corpus.Request(0).Wire().Body, &a); err != nil {
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
