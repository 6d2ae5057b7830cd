package expiry_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"servebench/targets/kubernetes/expiry"
)

// The run is removed when its Lease is no longer renewed, and not while it is, nor when the
// API server cannot be asked, nor after a run that ended.
func TestAwait(t *testing.T) {
	for name, c := range map[string]struct {
		own     bool
		lease   func(asked int) (status int, renewed string)
		removed string // the path that is deleted; "": none
	}{
		"abandoned":           {false, func(int) (int, string) { return 200, "a" }, "/apis/coordination.k8s.io/v1/namespaces/n/leases/l"},
		"abandoned namespace": {true, func(int) (int, string) { return 200, "a" }, "/api/v1/namespaces/n"},
		"ended": {false, func(asked int) (int, string) {
			if asked > 20 {
				return 404, ""
			}
			return 200, fmt.Sprint(asked)
		}, ""},
		"no answers": {false, func(asked int) (int, string) {
			if asked > 20 {
				return 404, ""
			}
			return 500, ""
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked, removed := 0, ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					removed = r.URL.Path
					return
				}
				asked++
				status, renewed := c.lease(asked)
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"spec":{"renewTime":%q}}`, renewed)
			}))
			defer server.Close()
			run := expiry.Run{Namespace: "n", Lease: "l", Own: c.own, Server: server.URL, Client: server.Client(), Pause: time.Millisecond, Patience: 200 * time.Millisecond}
			done, err := run.Await(t.Context())
			if err != nil || done != (c.removed != "") || removed != c.removed {
				t.Errorf("removed %t (%q), %v, want %q", done, removed, err, c.removed)
			}
		})
	}
}
