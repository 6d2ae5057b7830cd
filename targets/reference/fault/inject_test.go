package fault

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/prometheus/client_golang/prometheus"
)

// serve starts a server whose answers say whether they are to be wrong.
func serve(t *testing.T, c Config) (url string, injector *Injector) {
	t.Helper()
	injector, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	m := protocol.Model{Schema: generators.Schema{Classes: []string{"a", "b", "c"}}}
	server := httptest.NewServer(injector.Before(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scores := []float32{1, 0, 0}
		m.Alter(r.Context(), scores)
		answer := "right"
		if scores[0] != 1 {
			answer = "wrong"
		}
		io.WriteString(w, answer)
	})))
	t.Cleanup(server.Close)
	return server.URL, injector
}

// ask sends an inference request, or where path says so another.
func ask(t *testing.T, url, path, faults string) (status int, body string, header http.Header, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	if faults != "" {
		r.Header.Set(protocol.InjectHeader, faults)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), response.Header, err
}

const infer = "/v2/models/m/infer"

func TestEveryKindOfFault(t *testing.T) {
	t.Parallel()
	url, injector := serve(t, Config{OnRequest: true})
	for _, tt := range []struct {
		fault  string
		status int
		body   string
		err    error
	}{
		{"wrong=100%", 200, "wrong", nil},
		{"error=100%:429", 429, `{"error":"an error injected on purpose"}`, nil},
		{"error=100%", 503, `{"error":"an error injected on purpose"}`, nil},
		{"drop=100%", 0, "", syscall.ECONNRESET},
		{"half-close=100%", 200, `{"`, io.ErrUnexpectedEOF},
		{"slow=100kB/s", 200, "right", nil},
		{"leak=1MiB", 200, "right", nil},
		{"latency=constant:1ms", 200, "right", nil},
		{"stall=1ms/1h", 200, "right", nil},
		{"wrong=100%, latency=uniform:1ms", 200, "wrong", nil},
	} {
		status, body, header, err := ask(t, url, infer, tt.fault)
		if status != tt.status || body != tt.body || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d %q, %v; want %d %q, %v", tt.fault, status, body, err, tt.status, tt.body, tt.err)
		}
		if said := header.Get(protocol.InjectedHeader); said != tt.fault && status != 0 {
			t.Errorf("%s: the answer says %q", tt.fault, said)
		}
	}
	// hang answers only who gave up.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+infer, nil)
	r.Header.Set(protocol.InjectHeader, "hang=100%")
	if response, err := http.DefaultTransport.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v, %v", response, err)
	}
	if n := counted(t, injector, "wrong"); n != 2 {
		t.Errorf("%g wrong answers are counted, want 2", n)
	}
}

// counted is how many faults of a kind the metric says were injected; -1: it does not know the
// kind.
func counted(t *testing.T, i *Injector, kind string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(i.Metric())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].GetMetric() {
		if m.GetLabel()[0].GetValue() == kind {
			return m.GetCounter().GetValue()
		}
	}
	return -1
}

// TestOnlyWhereAsked holds the faults to what asks for them: inference requests, and a server
// that listens to them.
func TestOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, Config{Faults: []string{"error=100%"}})
	for path, want := range map[string]int{infer: 503, "/invocations": 503, "/v2/repository/models/m/load": 200} {
		if status, _, _, err := ask(t, url, path, "wrong=100%"); status != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", path, status, err, want)
		}
	}
	url, _ = serve(t, Config{OnRequest: true})
	if _, body, header, _ := ask(t, url, infer, ""); body != "right" || header.Get(protocol.InjectedHeader) != "" {
		t.Errorf("a request that asks for nothing gets %q, %q", body, header.Get(protocol.InjectedHeader))
	}
	if status, body, _, _ := ask(t, url, infer, "wrong=1"); status != 400 || !strings.Contains(body, "such as wrong=1%") {
		t.Errorf("a mistake gets %d %q", status, body)
	}
	if i, err := New(Config{}); i != nil || err != nil {
		t.Errorf("without faults there is %v, %v", i, err)
	}
}

// TestSharesOfRequests sends requests one by one: the k-th fares as its number says.
func TestSharesOfRequests(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, Config{OnRequest: true})
	for _, faults := range []string{"wrong=10%", "wrong=10%, leak=1B"} { // each with its own count
		f, _, _ := parse("wrong=10%")
		for n := range int64(50) {
			want := map[bool]string{true: "wrong", false: "right"}[f.hits(n)]
			if _, body, _, err := ask(t, url, infer, faults); body != want || err != nil {
				t.Fatalf("%s: request %d gets %q, %v, want %q", faults, n, body, err, want)
			}
		}
	}
}
