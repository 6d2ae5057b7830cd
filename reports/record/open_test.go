package record

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenRefuses(t *testing.T) {
	edit := func(f func(*Run)) string {
		run := sample()
		run.Schema = Schema
		f(run)
		text, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"other schema":    {edit(func(r *Run) { r.Schema = "servebench.run/v9" }), `want "servebench.run/v7"`},
		"no schema":       {`{}`, `schema ""`},
		"empty":           {``, "cut off after 0 bytes"},
		"not JSON":        {`{"schema": nope}`, "not JSON at byte 13"},
		"wrong type":      {`{"schema":"servebench.run/v7","cells":[{"round":"one"}]}`, "round"},
		"unknown target":  {edit(func(r *Run) { r.Cells[0].Target = "mars" }), `target "mars"`},
		"unknown phase":   {edit(func(r *Run) { r.Cells[0].Phase = "full moon" }), `phase "full moon"`},
		"round 0":         {edit(func(r *Run) { r.Cells[0].Round = 0 }), "round 0"},
		"a cell twice":    {edit(func(r *Run) { r.Cells = append(r.Cells, r.Cells[0]) }), "are those of cell 0: want each once"},
		"attempt -1":      {edit(func(r *Run) { r.Cells[0].Attempt = -1 }), "attempt -1"},
		"log goes astray": {edit(func(r *Run) { r.Cells[0].Log = "../../etc/passwd" }), "inside the run's folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "run.json")
			if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range []string{path, tt.want} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestOpenOfAnotherFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir)
	if err == nil || !strings.Contains(err.Error(), "want the folder of a run") {
		t.Errorf("error %v", err)
	}
}

// Whatever a crash or a full disk leaves of run.json is refused as cut off.
func TestOpenOfEveryPrefixSaysCutOff(t *testing.T) {
	w := create(t, sample())
	path := filepath.Join(w.dir, "run.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole)-2; n += 7 {
		if _, err := decode(whole[:n]); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Fatalf("%d of %d bytes: error %v", n, len(whole), err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	run := sample()
	run.Schema = Schema
	text, err := json.Marshal(run)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":"servebench.run/v7"}`))
	f.Add([]byte(`{"schema":"servebench.run/v7","cells":[{"log":"/x"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := decode(text)
		if err != nil {
			return
		}
		for i := range run.Cells {
			if log := run.Cells[i].Log; log != "" && !filepath.IsLocal(log) {
				t.Errorf("accepted log %q", log)
			}
		}
		if _, err := json.Marshal(run); err != nil {
			t.Errorf("what was accepted cannot be saved: %v", err)
		}
	})
}

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
