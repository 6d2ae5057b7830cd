package draft

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/targets"
)

// A server that answers 503 on a path for readiness still loads: it is waited for, and its
// start takes until then. One that never answers otherwise is not waited for longer than for
// any start.
func TestAwaitLoaded(t *testing.T) {
	var left atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if left.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	served := httptest.NewServer(mux)
	defer served.Close()
	for name, c := range map[string]struct {
		unready int64         // how many answers are 503
		most    time.Duration // that a start takes
		says    string        // at last; "": nothing
		waits   bool
	}{
		"loaded":  {0, time.Minute, "", false},
		"loading": {4, time.Minute, "GET /health with 503: waiting until it is ready", true},
		"never":   {1 << 40, 300 * time.Millisecond, "the scenario does not wait for it", false},
	} {
		t.Run(name, func(t *testing.T) {
			left.Store(c.unready)
			said := ""
			s := &start{kind: targets.Kind{Name: "physical"}, say: func(what string) { said = what }}
			found := &server{url: served.URL, ended: func() error { return nil }}
			ctx, cancel := context.WithTimeout(t.Context(), c.most)
			defer cancel()
			s.awaitLoaded(ctx, found, time.Now())
			if !strings.HasSuffix(said, c.says) || (said == "") != (c.says == "") || (found.took > 0) != c.waits {
				t.Errorf("said %q and took %s, want %q, waiting: %t", said, found.took, c.says, c.waits)
			}
		})
	}
}
