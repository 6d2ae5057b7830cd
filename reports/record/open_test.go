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
