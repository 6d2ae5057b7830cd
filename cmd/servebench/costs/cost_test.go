package costs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/record/recordtest"
)

// TestCostsAreRecomputed works out every figure again with an independent program, from the same
// record, prices and traffic.
func TestCostsAreRecomputed(t *testing.T) {
	r := newRecomputed(t)
	var trace strings.Builder
	rng, at := rand.New(rand.NewPCG(1, 2)), 0.0
	for at < 3*3600 {
		at += rng.ExpFloat64() / (2 + 40*float64(int(at/1800)%2))
		fmt.Fprintf(&trace, "%.6f\n", at)
	}
	for i, c := range []struct {
		traffic, places string
		options         []string
	}{
		{"daily:50/s,peak=3x", usual, nil},
		{"daily:700/s,peak=1.4x", usual, []string{"--redundancy", "2", "--headroom", "0.45", "--scale-lag", "17m"}},
		{"constant:3/h", usual, nil}, // too little for what starts on request
		{"business-hours:2e8/day,peak=4x", usual, []string{"--redundancy", "0", "--headroom", "0", "--min-units", "3", "--answer-bytes", "40000"}},
		{"spiky:40/s,peak=100x,minutes=7", usual, []string{"--no-load-balancer", "--concurrency", "10"}},
		{"spiky:4/s,peak=30x", usual, []string{"--region", "us-central1", "--requests-per-connection", "2", "--eviction", "1m"}},
		{"constant:90000/s", "aws/us-east-1/ec2/c7i.4xlarge,aws/us-east-1/eks/m7i.2xlarge,gcp/us-central1/gke/autopilot,aws/us-east-1/lambda/x86_64,aws/us-east-1/lambda/arm64",
			[]string{"--concurrency", "100000"}}, // beyond the first tier of the prices
		{r.file(t, "trace.txt", trace.String()), usual, nil},
	} {
		costs := r.file(t, strconv.Itoa(i)+".json", r.answer(t, 0, "cost", c.traffic, c.places, c.options...))
		if n, err := r.check(t, "cost.py", c.traffic, c.places, costs); err != nil {
			t.Errorf("%s %s: %v", c.traffic, strings.Join(c.options, " "), err)
		} else if n < 200 {
			t.Errorf("%s: only %d figures were compared", c.traffic, n)
		}
	}
	// A figure that is off is found.
	wrong := strings.Replace(readFile(t, filepath.Join(r.folder, "0.json")), `"peak_units": 2`, `"peak_units": 3`, 1)
	if _, err := r.check(t, "cost.py", "daily:50/s,peak=3x", usual, r.file(t, "wrong.json", wrong)); err == nil || !strings.Contains(err.Error(), "peak: 3, want 2") {
		t.Errorf("a wrong figure is not found: %v", err)
	}
}

// TestCostRefusesFlags of a run that has all it takes: every one of them is named.
func TestCostRefusesFlags(t *testing.T) {
	dir := sizedRun(t)
	for _, c := range []struct {
		flags string
		want  []string
	}{
		{"--traffic constant:20/s --place nosuch", []string{"nosuch"}},
		{"--traffic constant:20/s --headroom NaN", []string{"--headroom"}},
		{"--traffic constant:20/s --region mars-1 --redundancy -1 --concurrency 0", []string{"mars-1", "--redundancy", "--concurrency"}},
		{"--traffic constant:20/s --scale-lag -5m --answer-bytes NaN --requests-per-connection 0", []string{"--scale-lag", "--answer-bytes", "--requests-per-connection"}},
		{"--traffic foo:1 --headroom 2", []string{`"foo:1" is no shape`, "--headroom"}},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"cost", dir}, strings.Fields(c.flags)...), &stdout, &stderr)
		for _, want := range c.want {
			if code != cli.Usage || !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: exit code %d, want %d and %q: %s", c.flags, code, cli.Usage, want, &stderr)
			}
		}
	}
}

// TestCostsOfOneQuestion refuses runs whose capacities are of different requests, or of another
// slo, and takes those of other sizes together.
func TestCostsOfOneQuestion(t *testing.T) {
	dir := func(change func(*recordtest.Plan)) string {
		p := recordtest.Sized()
		change(&p)
		d, err := recordtest.Write(t.TempDir(), p)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := dir(func(*recordtest.Plan) {})
	var twice bytes.Buffer
	if code := run(t.Context(), []string{"cost", base, base, "--traffic", "constant:50/s"}, &twice, &twice); code != cli.Usage || !strings.Contains(twice.String(), "are the same run") {
		t.Errorf("a run twice: exit code %d, %s", code, &twice)
	}
	for name, c := range map[string]struct {
		change func(*recordtest.Plan)
		code   int
		want   string
	}{
		"slo":                     {func(p *recordtest.Plan) { p.SLO.P99 = 25 * time.Millisecond }, cli.NotComparable, "the slo differs"},
		"model":                   {func(p *recordtest.Plan) { p.Phases[0].Model = "other" }, cli.NotComparable, "model differs"},
		"memory":                  {func(p *recordtest.Plan) { p.Targets[0].Memory *= 2 }, 0, ""},
		"limits of what is found": {func(p *recordtest.Plan) { p.SLO.Capacity, p.SLO.CostPerMillion = 100, 0.4 }, 0, ""},
	} {
		var stdout, stderr bytes.Buffer
		other := dir(c.change)
		file := filepath.Join(other, "run.json") // every synthetic run has the same ID
		writeFile(t, file, strings.Replace(readFile(t, file), recordtest.ID, "20261122-111530-compare-c3d4", 1))
		code := run(t.Context(), []string{"cost", base, other, "--traffic", "constant:50/s"}, &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit code %d, %s; want %d, %s", name, code, &stderr, c.code, c.want)
		}
		if name := "container (" + recordtest.ID + ")"; c.code == 0 && !strings.Contains(stdout.String(), name) {
			t.Errorf("no %s in %s", name, &stdout)
		}
	}
}
