package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sample() *Run {
	limit := 0.001
	return &Run{
		Version: "test",
		Created: time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC),
		Command: []string{"servebench", "run", "compare"},
		Scenario: Scenario{
			Name: "compare", Seed: 1, Rounds: 1,
			Phases: []Phase{{Name: "steady", Arrivals: "poisson", Rate: 200, Duration: 10 * time.Second, Measured: true, Open: true}},
			SLO:    SLO{P99: 50 * time.Millisecond, Errors: &limit},
		},
		Targets: []Target{{Name: "physical", Deployments: []Deployment{{Round: 1, Stages: []Stage{{FirstAnswer, time.Second}}}}}},
		Cells: []Cell{{
			Target: "physical", Phase: "steady", Round: 1, Measured: true,
			Ledger: Ledger{Scheduled: 10, Sent: 10, OK: 9, Failed: 1},
			Errors: []ErrorCount{{"timeout", 1, "deadline exceeded"}},
		}},
	}
}

func create(t *testing.T, run *Run) *Writer {
	t.Helper()
	w, err := Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOpenReadsWhatWasSaved(t *testing.T) {
	run := sample()
	w := create(t, run)
	run.Finished = run.Created.Add(time.Minute)
	run.Cells[0].Good = 7
	if err := w.Save(run); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{run.Dir, filepath.Join(run.Dir, "run.json")} {
		got, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(run, got); diff != "" {
			t.Errorf("%s: (-saved +opened)\n%s", path, diff)
		}
	}
}

func TestCreateFillsInAndWritesAtOnce(t *testing.T) {
	run := sample()
	create(t, run)
	if run.Schema != Schema || filepath.Base(run.Dir) != run.ID {
		t.Errorf("schema %q, dir %q, id %q", run.Schema, run.Dir, run.ID)
	}
	if !strings.HasPrefix(run.ID, "20261122-101530-compare-") {
		t.Errorf("id %q", run.ID)
	}
	if _, err := Open(run.Dir); err != nil {
		t.Error(err)
	}
}

func TestCreateFailsAtOnce(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run := sample()
	run.ID = "twice"
	if _, err := Create(parent, run); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ parent, id string }{
		"parent is a file": {file, ""},
		"folder exists":    {parent, "twice"},
		"id leaves parent": {parent, "../out"},
		"id is parent":     {parent, "."},
	} {
		t.Run(name, func(t *testing.T) {
			run := sample()
			run.ID = tt.id
			if _, err := Create(tt.parent, run); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestSaveLeavesNoTemporaryFile(t *testing.T) {
	run := sample()
	w := create(t, run)
	for range 3 {
		if err := w.Save(run); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"cells", "run.json"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestFilesOfACell(t *testing.T) {
	w := create(t, sample())
	l, err := w.Log(Trial{Target: "physical", Round: 1}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if want := "cells/r01-physical-steady.hlog"; l.Name() != want {
		t.Errorf("log %q, want %q", l.Name(), want)
	}
	if _, err := w.Log(Trial{Target: "physical", Round: 1}, "steady"); err == nil {
		t.Error("a second log of the same cell: no error")
	}
	raw, err := w.Raw(Trial{Target: "physical", Round: 1}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if want := filepath.Join(w.dir, "cells", "r01-physical-steady.vegeta"); raw.Name() != want {
		t.Errorf("raw %q, want %q", raw.Name(), want)
	}
	again, err := w.Log(Trial{Target: "physical", Round: 1, Attempt: 2}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if want := "cells/r01.2-physical-steady.hlog"; again.Name() != want {
		t.Errorf("log %q of a rerun, want %q", again.Name(), want)
	}
}

func TestHostileNamesStayInsideAndApart(t *testing.T) {
	w := create(t, sample())
	seen := make(map[string]bool)
	names := []string{"a/b", "a_b", "a b", "../../etc", "", ".", "..", "-rf", "ü", strings.Repeat("x", 300), strings.Repeat("x", 301), "nul\x00"}
	for _, name := range names {
		l, err := w.Log(Trial{Target: name, Round: 1}, "steady")
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		defer l.Close()
		if dir := filepath.Dir(l.file.Name()); dir != filepath.Join(w.dir, "cells") {
			t.Errorf("%q: file in %s", name, dir)
		}
		if seen[l.Name()] {
			t.Errorf("%q: name %q twice", name, l.Name())
		}
		seen[l.Name()] = true
	}
}
