package physical_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/physical"
)

// Reading back the limits takes time of which nothing may be counted to the
// start. The server, which is this test run once more, gives up all CPUs but
// one before it listens: facts read after that, and those alone, say so.
func TestLimitsAreReadOnceTheServerIsReady(t *testing.T) {
	if port := os.Getenv("PORT"); port != "" {
		cpus, err := local.Pinned(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // far more than the reading takes
		if err := local.PinProcess(os.Getpid(), cpus[:1]); err != nil {
			t.Fatal(err)
		}
		ready := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		t.Fatal(http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), port), ready))
	}
	cpus, err := local.Pinned(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if len(cpus) < 2 {
		t.Skip("a server cannot give up CPUs where there is one; run with two or more")
	}
	target, err := physical.Kind().Open(targets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := target.Deploy(t.Context(), targets.Workload{
		Command: []string{os.Args[0], "-test.run=^" + t.Name() + "$"}, Ready: "/", CPUSet: cpus,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	want := fmt.Sprintf("%d, asked for %s", cpus[0], targets.FormatCPUs(cpus))
	if got := d.Facts[0]; got.Name != "CPUs" || got.Value != want {
		t.Errorf("fact %q: %q, want CPUs: %q", got.Name, got.Value, want)
	}
}
