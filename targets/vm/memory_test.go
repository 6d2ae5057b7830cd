package vm_test

import (
	"net/http"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest"
)

// What the guest needs for itself comes on top of the server's limit, nearly all
// of which the server can use.
func TestServerHasItsWholeLimit(t *testing.T) {
	kind := kind(t)
	if err := kind.Check(t.Context(), emulated()); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	target, err := kind.Open(targets.Config{Options: emulated(), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{Memory: 256 * targets.MiB}}
	d, err := target.Deploy(soon(t), w)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	for range 5 {
		resp, err := client.Post(d.Endpoint.URL+"/hold?mib=48", "", nil)
		if err != nil {
			t.Fatalf("hold 240MiB of 256MiB: %v (%v)", err, d.Err())
		}
		resp.Body.Close()
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}
