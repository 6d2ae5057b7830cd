package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReopen(t *testing.T) {
	run := &Run{Scenario: Scenario{Name: "a", Phases: []Phase{{Name: "steady"}}}, Targets: []Target{{Name: "physical"}}}
	w, err := Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	trial := Trial{Target: "physical", Round: 1}
	log, err := w.Log(trial, "steady")
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	run.Cells = []Cell{{Target: "physical", Round: 1, Phase: "steady", Log: log.Name()}}
	if err := w.Save(run); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Reopen(run.Dir); err == nil || !strings.Contains(err.Error(), "another servebench is writing it") {
		t.Errorf("open still: error %v, want that it is", err)
	}
	// The log of a cell that the writer could not record any more.
	trial.Round = 2
	nameless, err := w.Log(trial, "steady")
	if err != nil {
		t.Fatal(err)
	}
	if err := nameless.Close(); err != nil {
		t.Fatal(err)
	}
	if read, err := Open(run.Dir); err != nil || read.Hold != Held {
		t.Errorf("hold %q, error %v, want that it is being written", read.Hold, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if read, err := Open(run.Dir); err != nil || read.Hold != Free {
		t.Errorf("hold %q, error %v, want that nobody writes it", read.Hold, err)
	}
	back, again, err := Reopen(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Cells) != 1 {
		t.Errorf("%d cells, want the one that was recorded", len(back.Cells))
	}
	files, err := os.ReadDir(filepath.Join(run.Dir, cellFolder))
	if err != nil || len(files) != 1 || cellFolder+"/"+files[0].Name() != log.Name() {
		t.Errorf("logs %v, error %v, want the one that a cell names", files, err)
	}
	back.Interrupted = "no"
	if err := again.Save(back); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if read, err := Open(run.Dir); err != nil || read.Interrupted != "no" {
		t.Errorf("read %v, error %v, want what was saved", read, err)
	}
	if _, _, err := Reopen(t.TempDir()); err == nil {
		t.Error("an empty folder is a run")
	}
}
