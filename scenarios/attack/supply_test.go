package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
)

// lines is a protocol whose requests are the field of a record, which the server echoes.
type lines struct{}

func (lines) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	return protocol.Request{Method: http.MethodPost, Path: "/", Body: []byte(batch[0].Fields[0].Text)}, nil
}

func (lines) Decode(r protocol.Response) (protocol.Reply, error) {
	value := generators.Value{Text: string(r.Body)}
	return protocol.Reply{Answers: []generators.Answer{{Kind: generators.Text, Value: value}}}, nil
}

// echoed returns a server that says back what it is sent, and what it was sent.
func echoed(t testing.TB) (url string, sent func() []string) {
	var mu sync.Mutex
	var all []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, string(body))
		mu.Unlock()
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// streamed returns a corpus of a file of n records that is too large to be held, and the file's
// path. inOrder says to send them in the order of the file.
func streamed(t testing.TB, n int, inOrder bool) (*corpus.Corpus, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asks.csv")
	var content strings.Builder
	content.WriteString("ask\n")
	for i := range n {
		fmt.Fprintf(&content, "%d\n", i)
	}
	if err := os.WriteFile(path, []byte(content.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := datafile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	records, err := file.Examples(datafile.Layout{Fields: true, Expect: "ask"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := corpus.Build(corpus.Config{Records: records, InOrder: inOrder, Protocol: lines{}, Size: n, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Streamed() {
		t.Fatalf("the requests of %d records are held", n)
	}
	return c, path
}

// TestLookAhead sends the requests of a large file, in the order of the file or another,
// from one loop and from several, and checks each answer by what its record expects.
func TestLookAhead(t *testing.T) {
	const n, records = 300, 30_000
	for _, loops := range []int{1, 3} {
		url, sent := echoed(t)
		cfg, log := load(t, url, 200*time.Microsecond, n)
		cfg.Attackers = loops
		cfg.Corpus, _ = streamed(t, records, true)
		cell := run(t, t.Context(), cfg, log)
		if cell.Ledger.OK != n || cell.Answers.Checked != n || cell.Answers.Agreed != n {
			t.Errorf("%d loops: ledger %+v, answers %+v, errors %+v", loops, cell.Ledger, cell.Answers, cell.Errors)
		}
		got := sent()
		slices.SortFunc(got, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
		for i, ask := range got {
			if ask != fmt.Sprint(i) {
				t.Fatalf("%d loops: request %d of the file was sent as %q", loops, i, ask)
			}
		}
	}
	url, sent := echoed(t)
	cfg, log := load(t, url, 200*time.Microsecond, n)
	cfg.Corpus, _ = streamed(t, records, false)
	if cell := run(t, t.Context(), cfg, log); cell.Ledger.OK != n {
		t.Errorf("ledger %+v", cell.Ledger)
	}
	if got := sent(); slices.IsSorted(got) || len(slices.Compact(slices.Sorted(slices.Values(got)))) != n {
		t.Errorf("%d requests in this order: %v…", len(got), got[:5])
	}
}

// TestLookAheadOfWorkers gives the workers of a closed loop requests of a large file.
func TestLookAheadOfWorkers(t *testing.T) {
	url, sent := echoed(t)
	cfg, log := load(t, url, time.Millisecond, 100)
	cfg.Arrivals, cfg.Concurrency, cfg.Span = nil, 4, 100*time.Millisecond
	cfg.Corpus, _ = streamed(t, 30_000, true)
	cell := run(t, t.Context(), cfg, log)
	if cell.Ledger.OK == 0 || cell.Ledger.Failed > 0 || cell.Answers.Agreed != cell.Ledger.OK || len(sent()) != int(cell.Ledger.Sent) {
		t.Errorf("ledger %+v, answers %+v, %d arrived", cell.Ledger, cell.Answers, len(sent()))
	}
}

// TestLookAheadFromTheBeginningAgain sends more requests than the file holds.
func TestLookAheadFromTheBeginningAgain(t *testing.T) {
	c, _ := streamed(t, 20_001, true)
	l := newLookAhead(Config{Corpus: c, OrderSeed: 1}, share{of: 1}, &renewals{})
	l.cfg.Endpoint.URL = "http://127.0.0.1:9"
	go l.run(func() {})
	for k := range 25_000 {
		p := l.draw(0)
		if want := fmt.Sprint(k % 20_001); string(p.message.Body) != want {
			t.Fatalf("request %d is %q, want %s", k, p.message.Body, want)
		}
	}
	s := supply{ahead: []*lookAhead{l}}
	l.running = true
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	for p := l.draw(0); p.message != nil; p = l.draw(0) {
	}
}

// TestLookAheadIsBounded prepares no more than has room in memory.
func TestLookAheadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.jsonl")
	line, _ := json.Marshal(map[string]string{"ask": strings.Repeat("x", 1<<20)})
	if err := os.WriteFile(path, []byte(strings.Repeat(string(line)+"\n", 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := datafile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := file.Examples(datafile.Layout{Fields: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := corpus.Build(corpus.Config{Records: records, Protocol: lines{}, Size: file.Len(), Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := newLookAhead(Config{Corpus: c}, share{of: 1}, &renewals{})
	l.cfg.Endpoint.URL = "http://127.0.0.1:9"
	s := supply{ahead: []*lookAhead{l}}
	s.start(func() {})
	if n := len(l.ready); n < 4 || n > 5 {
		t.Errorf("%d requests of 1 MiB are held, want 8 MiB with what is made of them", n)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// TestChangedFileEndsTheLoad says so, where a file is written to while it is read.
func TestChangedFileEndsTheLoad(t *testing.T) {
	url, _ := echoed(t)
	cfg, _ := load(t, url, time.Millisecond, 50)
	var path string
	cfg.Corpus, path = streamed(t, 30_000, true)
	if err := os.WriteFile(path, []byte("ask\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(context.Background(), cfg)
	if err == nil || !strings.Contains(err.Error(), "asks.csv was changed while it was read") {
		t.Errorf("error %v", err)
	}
}

// TestLateSupplyIsCounted counts a request that is due before it is prepared, and no
// other.
func TestLateSupplyIsCounted(t *testing.T) {
	l := &lookAhead{zero: time.Now().Add(-time.Hour), ready: make(chan prepared, 1), drawn: make(chan struct{}, 1), share: share{of: 1}}
	c, _ := streamed(t, 20_001, true)
	r, err := c.First()
	if err != nil {
		t.Fatal(err)
	}
	p, err := prepare(Config{}, r)
	if err == nil {
		t.Fatal("a request without a server was laid out")
	}
	cfg := Config{}
	cfg.Endpoint.URL = "http://127.0.0.1:9"
	if p, err = prepare(cfg, r); err != nil {
		t.Fatal(err)
	}
	l.ready <- p
	l.draw(0) // it was there
	go func() { time.Sleep(time.Millisecond); l.ready <- p }()
	l.draw(2 * time.Hour) // it is not due yet
	if l.late != 0 {
		t.Fatalf("%d are late, want none", l.late)
	}
	go func() { time.Sleep(time.Millisecond); l.ready <- p }()
	if l.draw(0); l.late != 1 {
		t.Errorf("%d are late, want one", l.late)
	}
}
