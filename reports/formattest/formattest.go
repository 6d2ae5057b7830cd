// Package formattest is what the tests of the report formats have in common: it
// analyses synthetic runs, renders them into memory and holds them against golden
// files.
package formattest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// Analyse makes the plan's run and analyses it. The run's folder is given a name that
// is the same everywhere.
func Analyse(t testing.TB, p recordtest.Plan) *analysis.Analysis {
	t.Helper()
	run := recordtest.Open(t, p)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	const dir = "runs/" + recordtest.ID
	if a.AB != nil {
		a.AB.Command = strings.ReplaceAll(a.AB.Command, run.Dir, dir)
	}
	a.Run.Dir = dir
	return a
}

// Render renders the run and returns its files by name. A file that is written twice
// is an error of the test.
func Render(t testing.TB, f reports.Format, a *analysis.Analysis) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := f.Render(a, func(name string, content func(io.Writer) error) error {
		if files[name] != nil {
			return fmt.Errorf("%s was written before", name)
		}
		var file bytes.Buffer
		err := content(&file)
		files[name] = file.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Golden holds what was rendered against the file testdata/NAME, which update writes
// anew.
func Golden(t testing.TB, update bool, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-"))
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got)\n%s", path, diff)
	}
}
