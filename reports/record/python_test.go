package record

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readLog prints what HdrHistogram's Python implementation finds in a log.
const readLog = `
import json, sys
from hdrh.log import HistogramLogReader
from hdrh.histogram import HdrHistogram
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3600 * 10**9, 3))
found = []
while True:
    h = reader.get_next_interval_histogram()
    if h is None:
        break
    found.append({
        "Tag": h.get_tag(), "Count": h.get_total_count(), "Max": h.get_max_value(),
        "P50": h.get_value_at_percentile(50), "P99": h.get_value_at_percentile(99),
    })
print(json.dumps(found))
`

type found struct {
	Tag                  string
	Count, Max, P50, P99 int64
}

// Another implementation of HdrHistogram finds in the log what was written.
func TestPythonReadsTheLog(t *testing.T) {
	python := hdrPython(t)
	path, written := writeLog(t, 5)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "-c", readLog, path).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderrOf(err))
	}
	var got, want []found
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, i := range written {
		h := i.Histogram
		want = append(want, found{i.Tag, h.TotalCount(), h.Max(), h.ValueAtPercentile(50), h.ValueAtPercentile(99)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
}

// hdrPython returns a Python that has the package hdrhistogram, installed into
// a virtual environment that is kept between runs.
func hdrPython(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("reads the log with Python's hdrhistogram; not with -short")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3 with venv and pip: apt-get install python3-venv")
	}
	env, err := filepath.Abs(filepath.Join("..", "..", ".venv", "hdr"))
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(env, "bin", "python")
	if exec.Command(inside, "-c", "import hdrh.log").Run() == nil {
		return inside
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, command := range [][]string{
		{python, "-m", "venv", env},
		{inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "hdrhistogram==0.10.3"},
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			os.RemoveAll(env)
			t.Skipf("needs Python's hdrhistogram from PyPI, which could not be installed: %v: %s", err, out)
		}
	}
	return inside
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}
