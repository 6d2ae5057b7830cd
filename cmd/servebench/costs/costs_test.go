package costs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/spf13/cobra"
)

// run runs a command line of the commands that answer what serving costs.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{Use: "servebench"}
	root.AddCommand(CostCommand(), AdviseCommand(), PricesCommand())
	return cli.Execute(ctx, root, args, nil, stdout, stderr)
}

// output runs a command line and returns what it prints.
func output(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != want {
		t.Fatalf("servebench %s: exit code %d, want %d: %s", strings.Join(args, " "), code, want, &stderr)
	}
	return stdout.String()
}

// sizedRun is a run with all that a cost depends on, whose function is billed differently in
// each round.
func sizedRun(t *testing.T) (dir string) {
	t.Helper()
	dir, err := recordtest.Write(t.TempDir(), recordtest.Sized())
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range run.Cells {
		c := &run.Cells[i]
		for j, m := range c.Usage.Meters {
			if m.Name == "billed duration" || m.Name == "billed compute" {
				c.Usage.Meters[j].Value *= 1 + 0.02*float64(c.Round%3)
			}
		}
	}
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "run.json"), string(text))
	return dir
}

// recomputed is the record of a run with what independent programs need to work out its costs
// again, in Python.
type recomputed struct {
	python, folder string
	run            string // the folder of the run
	summary, table string // files with the report as JSON and the prices as CSV
}

func newRecomputed(t *testing.T) *recomputed {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the figures are not worked out again")
	}
	r := &recomputed{python: python, folder: t.TempDir(), run: sizedRun(t)}
	a, err := recorded.Analyse(r.run)
	if err != nil {
		t.Fatal(err)
	}
	var summary strings.Builder
	if err := recorded.Print(&summary, a, "json"); err != nil {
		t.Fatal(err)
	}
	r.summary, r.table = r.file(t, "summary.json", summary.String()), r.file(t, "prices.csv", output(t, 0, "prices", "-o", "csv"))
	return r
}

// file writes a file that a program reads, and returns its path.
func (r *recomputed) file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(r.folder, name)
	writeFile(t, path, content)
	return path
}

// usual stands for the places that are priced where none is named.
const usual = "usual"

// answer is the JSON of a command about the run.
func (r *recomputed) answer(t *testing.T, code int, command, traffic, places string, options ...string) string {
	t.Helper()
	args := append([]string{command, r.run, "--traffic", traffic, "-o", "json"}, options...)
	if places != usual {
		args = append(args, "--place", places)
	}
	return output(t, code, args...)
}

// check has a program of testdata work out again what files hold. It returns how many figures
// were compared, and what is wrong.
func (r *recomputed) check(t *testing.T, program, traffic, places string, files ...string) (compared int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	args := append([]string{filepath.Join("testdata", program), filepath.Join(r.run, "run.json"), r.summary, r.table, traffic, places}, files...)
	out, err := exec.CommandContext(ctx, r.python, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
