package physical_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/physical"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"
)

// A port that the server insists on is its own, or an error that names who has it.
func TestPortOfAnImage(t *testing.T) {
	if err := physical.Kind().CheckImage(t.Context()); err != nil {
		t.Skip(err)
	}
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := t.TempDir()
	target, err := physical.Kind().Open(targets.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w := artifact.Static(t, targettest.Build(t)).Workload
	d, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(d.Endpoint.URL, "http://"), ":")
	if w.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "server (process ") {
		t.Errorf("Deploy on a port that is taken: %v, want who has it", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	again, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if again.Endpoint.URL != d.Endpoint.URL {
		t.Errorf("it listens at %s, want %s", again.Endpoint.URL, d.Endpoint.URL)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
