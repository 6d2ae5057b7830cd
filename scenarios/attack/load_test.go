package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/targets"
	"servebench/targets/protocol"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// question is a generator of one random number.
type question struct{}

func (question) Schema() generators.Schema { return generators.Schema{} }

func (question) Next(rng *rand.Rand) generators.Example {
	x := rng.Float32()
	label := 0
	if x >= 0.5 {
		label = 1
	}
	return generators.Example{Features: []float32{x}, Label: generators.Classified(label)}
}

// echo is a protocol whose right answer is the number itself.
type echo struct{}

type ask struct {
	ID string  `json:"id"`
	X  float32 `json:"x"`
}

func (echo) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	body, err := json.Marshal(ask{ID: id, X: batch[0].Features[0]})
	return protocol.Request{
		Method: http.MethodPost,
		Path:   "/infer?v=1",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   body,
	}, err
}

func (echo) Decode(r protocol.Response) (protocol.Reply, error) {
	var p float64
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return protocol.Reply{}, err
	}
	return protocol.Reply{Answers: []generators.Answer{generators.Probable([]float32{float32(1 - p), float32(p)})}}, nil
}

func twoClasses(probability func([]float32) float32) protocol.Model {
	m := protocol.Model{Predict: protocol.Binary(probability)}
	m.Schema.Classes = []string{"0", "1"}
	return m
}

func newCorpus(t testing.TB, size int) *corpus.Corpus {
	t.Helper()
	c, err := corpus.Build(corpus.Config{
		Generator: question{}, Protocol: echo{}, Size: size, Batch: 1, Seed: 1,
		Model: twoClasses(func(features []float32) float32 { return features[0] }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer gives the right answer to a request.
func answer(t testing.TB, w http.ResponseWriter, r *http.Request) {
	var a ask
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		t.Errorf("server received %q: %v", body, err)
	}
	fmt.Fprint(w, a.X)
}

// serve starts a server of HTTP/1.1 and of HTTP/2 (h2c).
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// every returns n arrivals at equal gaps.
func every(gap time.Duration, n int) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for k := range n {
			if !yield(time.Duration(k) * gap) {
				return
			}
		}
	}
}

// memoryLog keeps the histograms of each tag, merged.
type memoryLog struct {
	t      testing.TB
	merged map[string]*hdrhistogram.Histogram
	starts []time.Duration
}

func newMemoryLog(t testing.TB) *memoryLog {
	return &memoryLog{t: t, merged: map[string]*hdrhistogram.Histogram{}}
}

func (l *memoryLog) Interval(tag string, start, end time.Duration, h *hdrhistogram.Histogram) error {
	if n := len(l.starts); n > 0 && start < l.starts[n-1] || end <= start {
		l.t.Errorf("interval [%v, %v) after %v, want ascending ones", start, end, l.starts)
	}
	l.starts = append(l.starts, start)
	if l.merged[tag] == nil {
		l.merged[tag] = record.NewHistogram()
	}
	l.merged[tag].Merge(h)
	return nil
}

func (l *memoryLog) count(tag string) int64 {
	if h := l.merged[tag]; h != nil {
		return h.TotalCount()
	}
	return 0
}

func (l *memoryLog) quantile(tag string, percent float64) time.Duration {
	return time.Duration(l.merged[tag].ValueAtPercentile(percent))
}

// load is a Config for n requests at equal gaps over a small corpus.
func load(t testing.TB, url string, gap time.Duration, n int) (Config, *memoryLog) {
	log := newMemoryLog(t)
	return Config{
		Endpoint:    targets.Endpoint{URL: url},
		Corpus:      newCorpus(t, 20),
		Arrivals:    every(gap, n),
		Scheduled:   int64(n),
		Span:        gap * time.Duration(n),
		OrderSeed:   1,
		Timeout:     30 * time.Second,
		MaxInFlight: 256,
		Log:         log,
	}, log
}

// run runs a load and checks what holds for every one.
func run(t testing.TB, ctx context.Context, cfg Config, log *memoryLog) record.Cell {
	t.Helper()
	cell, err := Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	checkAccounts(t, cell, log)
	checkNothingLeft(t)
	return cell
}

// checkAccounts checks that the ledger, the slices, the errors and the
// histograms tell the same story.
func checkAccounts(t testing.TB, cell record.Cell, log *memoryLog) {
	t.Helper()
	l := cell.Ledger
	if l.Scheduled < l.Sent || l.Sent != l.OK+l.Failed+l.Censored {
		t.Errorf("ledger %+v, want scheduled ≥ sent = ok + failed + censored", l)
	}
	var sum record.Ledger
	for i, s := range cell.Slices {
		sum.Scheduled += s.Scheduled
		sum.Sent += s.Sent
		sum.OK += s.OK
		sum.Failed += s.Failed
		sum.Censored += s.Censored
		if s.Start != time.Duration(i)*time.Second || s.InFlight > int64(cell.Instrument.Workers) {
			t.Errorf("slice %d: %+v, want it to start at %ds and at most %d in flight", i, s, i, cell.Instrument.Workers)
		}
	}
	whole := sum
	if cell.Window < cell.Span { // what was due later is in no slice
		whole.Scheduled = max(whole.Scheduled, l.Scheduled)
	}
	if whole != l {
		t.Errorf("slices add up to %+v, ledger is %+v", sum, l)
	}
	if n := len(cell.Slices); n > 0 && cell.Slices[n-1].Start >= cell.Window {
		t.Errorf("%d slices, the last %+v; want none after the load, of %v", n, cell.Slices[n-1], cell.Window)
	}
	checkClasses(t, cell, log)
	var failed int64
	for _, e := range cell.Errors {
		failed += e.Count
	}
	if failed != l.Failed {
		t.Errorf("errors %+v add up to %d, want %d", cell.Errors, failed, l.Failed)
	}
	for tag, want := range map[string]int64{
		record.TagResponse: l.OK, record.TagService: l.OK, record.TagLag: l.Sent,
		record.TagFailed: l.Failed, record.TagCensored: l.Censored,
	} {
		if got := log.count(tag); got != want {
			t.Errorf("%d values tagged %s, want %d", got, tag, want)
		}
	}
	if w := cell.Instrument.Workers; w > cell.Instrument.WorkerCap || l.Sent > 0 && w < 1 {
		t.Errorf("%d workers of %d", w, cell.Instrument.WorkerCap)
	}
	if cell.Instrument.OutOfRange != 0 {
		t.Errorf("%d values out of range", cell.Instrument.OutOfRange)
	}
}

// checkNothingLeft waits for the goroutines of a load to end. The server's, in
// the same process, go on.
func checkNothingLeft(t testing.TB) {
	t.Helper()
	ours := regexp.MustCompile(`net/http\.\(\*(persistConn|Transport)\)|vegeta/v12/lib|attack\.\(\*engine\)|attack\.newSink|iter\.Pull|context\.WithDeadline`)
	var left []string
	for range 300 {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		left = nil
		for stack := range strings.SplitSeq(string(stacks), "\n\n") {
			if ours.MatchString(stack) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines left after the load, such as\n%s", len(left), left[0])
}

func classes(cell record.Cell) map[string]int64 {
	counts := map[string]int64{}
	for _, e := range cell.Errors {
		counts[e.Class] = e.Count
	}
	return counts
}

// quiet is a server's log that nobody reads.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
