package fault

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"servebench/targets/protocol"
	"servebench/targets/reference/clock"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says which faults an Injector injects.
type Config struct {
	// Faults are what every inference request meets, such as "wrong=1%".
	Faults []string
	// OnRequest lets an inference request ask for faults of its own in the header field
	// protocol.InjectHeader, in the place of Faults. Those that ask for the same are counted
	// together.
	OnRequest bool
}

// Injector injects faults into the inference requests of a server.
type Injector struct {
	always    *set // nil: nothing
	onRequest bool
	injected  *prometheus.CounterVec

	mu    sync.Mutex
	asked map[string]*set // by the text of the header field
}

// mostAsked bounds how many different texts requests ask for faults with: each has its own count
// of requests, and its memory.
const mostAsked = 100

// Check names every mistake in the Faults.
func (c Config) Check() error {
	_, err := parseAll(c.Faults)
	return err
}

// New makes an Injector, whose stalls begin to count now; nil of the zero Config. Its error
// names every mistake. It lasts as long as the program.
func New(c Config) (*Injector, error) {
	if len(c.Faults) == 0 && !c.OnRequest {
		return nil, nil
	}
	i := &Injector{onRequest: c.OnRequest, asked: map[string]*set{}, injected: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "refserver_injected_faults_total", Help: "Faults that were injected into inference requests on purpose, by kind.",
	}, []string{"kind"})}
	for _, k := range Kinds() {
		i.injected.WithLabelValues(k.Name) // so that the series are there from the beginning
	}
	if len(c.Faults) > 0 {
		var err error
		if i.always, err = newSet(c.Faults); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// String says what is injected, for people.
func (i *Injector) String() string {
	var parts []string
	if i.always != nil {
		parts = append(parts, i.always.text)
	}
	if i.onRequest {
		parts = append(parts, "what a request asks for in "+protocol.InjectHeader)
	}
	return strings.Join(parts, "; ")
}

// Metric counts the faults that were injected.
func (i *Injector) Metric() prometheus.Collector { return i.injected }

// Before returns a handler that injects the faults into what next serves.
func (i *Injector) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := i.always
		if !isInference(r) {
			s = nil
		} else if text := r.Header.Get(protocol.InjectHeader); i.onRequest && text != "" {
			var err error
			if s, err = i.askedFor(text); err != nil {
				drain(r)
				http.Error(w, protocol.InjectHeader+": "+err.Error(), http.StatusBadRequest)
				return
			}
		}
		if s == nil {
			next.ServeHTTP(w, r)
			return
		}
		s.serve(w, r, next, i.injected)
	})
}

// isInference tells inference requests from those that ask how the server is.
func isInference(r *http.Request) bool {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		return strings.HasSuffix(r.URL.Path, "/ModelInfer")
	}
	return r.Method == http.MethodPost && !strings.HasPrefix(r.URL.Path, "/v2/repository/")
}

// askedFor returns the faults of a header field.
func (i *Injector) askedFor(text string) (*set, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s := i.asked[text]; s != nil {
		return s, nil
	}
	if len(i.asked) >= mostAsked {
		return nil, fmt.Errorf("requests ask for more than %d different texts", mostAsked)
	}
	texts := strings.Split(text, ",")
	for j := range texts {
		texts[j] = strings.TrimSpace(texts[j])
	}
	s, err := newSet(texts)
	if err == nil {
		i.asked[strings.Clone(text)] = s
	}
	return s, err
}

// set is faults that are injected together.
type set struct {
	text   string
	faults []fault // in the order of Kinds
	clocks map[string]*clock.Clock
	n      atomic.Int64 // requests so far

	mu   sync.Mutex
	kept [][]byte // what leaked
}

func newSet(texts []string) (*set, error) {
	all, err := parseAll(texts)
	if err != nil {
		return nil, err
	}
	place := func(f fault) int {
		return slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Name == f.kind })
	}
	slices.SortFunc(all, func(a, b fault) int { return place(a) - place(b) })
	s := &set{text: strings.Join(texts, ", "), faults: all, clocks: map[string]*clock.Clock{}}
	for _, f := range all {
		if f.clock == nil {
			continue
		}
		if s.clocks[f.kind], err = clock.New(*f.clock); err != nil {
			return nil, fmt.Errorf("%s: %w", f.text, err)
		}
	}
	return s, nil
}

// serve has a request meet the faults. What one of them answers, the server does not.
func (s *set) serve(w http.ResponseWriter, r *http.Request, next http.Handler, injected *prometheus.CounterVec) {
	n := s.n.Add(1) - 1
	w.Header().Set(protocol.InjectedHeader, s.text)
	for _, f := range s.faults {
		if !f.hits(n) {
			continue
		}
		injected.WithLabelValues(f.kind).Inc()
		switch f.kind {
		case "latency", "stall":
			s.clocks[f.kind].Serve()
		case "leak":
			s.keep(f.bytes)
		case "wrong":
			r = r.WithContext(protocol.Altered(r.Context()))
		case "slow":
			w = &slowWriter{ResponseWriter: w, rate: f.bytes}
		default:
			drain(r)
			f.answer(w, r)
			return
		}
	}
	next.ServeHTTP(w, r)
}

// pageSize is that of the smallest pages of memory: what nobody wrote to takes none.
const pageSize = 4096

func (s *set) keep(bytes int64) {
	b := make([]byte, bytes)
	for i := 0; i < len(b); i += pageSize {
		b[i] = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, b)
}

// mostDrained is how much of a body is read that nobody wants, in bytes.
const mostDrained = 64 << 20

// drain reads a request's body: the end of a connection is noticed behind it alone, and what was
// not read would turn each end into a reset.
func drain(r *http.Request) {
	_, _ = io.CopyN(io.Discard, r.Body, mostDrained) // how far it comes does not matter
}
