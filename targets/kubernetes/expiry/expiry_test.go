package expiry_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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

// Before an abandoned run is removed, the nodes that bear its label are uncordoned, and no
// others; where that fails, it is tried for as long again.
func TestAwaitUncordons(t *testing.T) {
	for name, c := range map[string]struct {
		refuse int // this many patches
		want   string
	}{
		"granted":       {0, "PATCH a, DELETE"},
		"granted later": {2, "PATCH a, PATCH a, PATCH a, DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			var did []string
			patch := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				node, isNode := strings.CutPrefix(r.URL.Path, "/api/v1/nodes/")
				switch {
				case r.Method == http.MethodDelete:
					did = append(did, "DELETE")
				case r.Method == http.MethodPatch:
					did = append(did, "PATCH "+node)
					text, _ := io.ReadAll(r.Body)
					patch = r.Header.Get("Content-Type") + " " + string(text)
					if len(did) <= c.refuse {
						w.WriteHeader(http.StatusServiceUnavailable)
					}
				case node == "gone":
					w.WriteHeader(http.StatusNotFound)
				case isNode:
					fmt.Fprintf(w, `{"metadata":{"labels":{%q:%q}}}`, expiry.LabelRun, map[string]string{"a": "l", "b": "of another run"}[node])
				default:
					fmt.Fprintf(w, `{"metadata":{"annotations":{%q:"a,b,gone"}},"spec":{"renewTime":"then"}}`, expiry.Cordoned)
				}
			}))
			defer server.Close()
			run := expiry.Run{Namespace: "n", Lease: "l", Own: true, Server: server.URL, Client: server.Client(), Pause: time.Millisecond, Patience: 200 * time.Millisecond}
			if _, err := run.Await(t.Context()); err != nil {
				t.Error(err)
			}
			if got := strings.Join(did, ", "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if want := "application/merge-patch+json " + expiry.Uncordoned; patch != want {
				t.Errorf("patch %s, want %s", patch, want)
			}
		})
	}
}
