package benchfmt_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/benchfmt"
	"servebench/reports/formattest"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	lib "golang.org/x/perf/benchfmt"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, a *analysis.Analysis) []byte {
	t.Helper()
	return formattest.Render(t, benchfmt.Format(), a)[benchfmt.File]
}

// parse reads the lines as benchstat does and takes no error.
func parse(t *testing.T, text []byte) []*lib.Result {
	t.Helper()
	var all []*lib.Result
	reader := lib.NewReader(bytes.NewReader(text), benchfmt.File)
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *lib.Result:
			all = append(all, r.Clone())
		case *lib.SyntaxError:
			t.Errorf("%v", r)
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, p := range map[string]recordtest.Plan{
		"compare": recordtest.Compare(), "invalid": recordtest.Judged()["invalid"], "closed": recordtest.Saturate(),
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, formattest.Analyse(t, p))
			parse(t, got)
			formattest.Golden(t, *update, name+".txt", got)
		})
	}
}

// There is a line for each cell, target by target, and no number at a name's end is taken for
// GOMAXPROCS.
func TestLines(t *testing.T) {
	hostile := recordtest.Hostile()
	hostile.Interrupted = ""
	for _, p := range []recordtest.Plan{recordtest.Compare(), hostile} {
		a := formattest.Analyse(t, p)
		lines := parse(t, render(t, a))
		if len(lines) != len(a.Cells) {
			t.Fatalf("%d lines of %d cells", len(lines), len(a.Cells))
		}
		var cells []sample.Row
		for _, target := range a.Run.Targets {
			for _, c := range a.Cells {
				if c.Target == target.Name {
					cells = append(cells, c)
				}
			}
		}
		for i, line := range lines {
			_, parts := line.Name.Parts()
			if len(parts) != 3 || !strings.HasPrefix(string(parts[0]), "/target=") || line.Iters != int(cells[i].Ledger.OK) {
				t.Errorf("%s, n %d", line.Name, line.Iters)
			}
			want := cells[i].Response.Quantiles[0].Value.Seconds()
			if got, ok := line.Value("p50-sec"); !ok || got < 0.9999*want || got > 1.0001*want {
				t.Errorf("p50 %v, want %v", got, want)
			}
		}
	}
}

// benchstat is what it prints of files in a folder.
func benchstat(t *testing.T, dir string, args ...string) string {
	t.Helper()
	path, err := exec.Command("go", "tool", "-n", "benchstat").Output()
	if err != nil {
		t.Skipf("benchstat cannot be built: %v; it is a tool of this module and needs its dependencies to be in the module cache: go mod download", err)
	}
	cmd := exec.Command(strings.TrimSpace(string(path)), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// Benchstat compares the variants of an A/B test, the baseline being its base although the
// candidate ran first.
func TestBenchstatABTest(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Slower())
	first := slices.IndexFunc(a.Cells, func(r sample.Row) bool { return r.Target == record.Candidate })
	a.Cells[0], a.Cells[first] = a.Cells[first], a.Cells[0]
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.txt"), render(t, a), 0o644); err != nil {
		t.Fatal(err)
	}
	out := benchstat(t, dir, "-col", "/target", "run.txt")
	header, _, _ := strings.Cut(out[strings.Index(out, "│"):], "\n")
	base, candidate := strings.Index(header, record.Baseline), strings.Index(header, record.Candidate)
	if base < 0 || candidate < base || !strings.Contains(out, "+1") {
		t.Errorf("%s", out)
	}
}

// Benchstat compares the lines of two runs, between which the processor's frequency of
// the moment was another.
func TestBenchstat(t *testing.T) {
	dir := t.TempDir()
	slower := recordtest.Slower()
	slower.AB = nil
	for i, name := range []string{"base.txt", "new.txt"} {
		p := slower
		p.Targets = []recordtest.Target{slower.Targets[i]}
		p.Targets[0].Name = "physical"
		p.Environment = []record.Fact{{Name: "CPU", Value: fmt.Sprintf("AMD EPYC, %d MHz", 2445+i)}}
		if err := os.WriteFile(filepath.Join(dir, name), render(t, formattest.Analyse(t, p)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := benchstat(t, dir, "base.txt", "new.txt")
	for _, want := range []string{"p50-sec", "goodput/s", "Gate/target=physical/phase=steady/loop=open", "+1", "p=0.000 n=11"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
