package baseline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// short is a run whose figures do not matter.
func short() recordtest.Plan {
	p := recordtest.Compare()
	p.Rounds, p.Phases[1].Rate, p.Phases[1].Duration = 1, 50, 2*time.Second
	return p
}

// named is a run of a scenario of that name. The record is made by hand, since a
// scenario's name may be anything.
func named(t *testing.T, name string) *record.Run {
	t.Helper()
	run := recordtest.Open(t, short())
	run.Scenario.Name = name
	save(t, run)
	return run
}

// save puts a run's record on disk as it is now.
func save(t *testing.T, run *record.Run) {
	t.Helper()
	text, err := json.Marshal(run)
	if err == nil {
		err = os.WriteFile(filepath.Join(run.Dir, "run.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The copy gives the same figures as the run, and holds nothing but its record.
func TestSetAndOpen(t *testing.T) {
	run := named(t, "compare")
	if err := os.WriteFile(filepath.Join(run.Dir, "report.html"), []byte("big"), 0o644); err != nil {
		t.Fatal(err)
	}
	store := Store{Dir: filepath.Join(t.TempDir(), "deep", ".servebench")}
	folder, err := store.Set(DefaultName, run)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(store.Dir, "baselines", "main", "compare"); folder != want {
		t.Errorf("stored in %s, want %s", folder, want)
	}
	kept, err := store.Open(DefaultName, "compare")
	if err != nil {
		t.Fatal(err)
	}
	want, errWant := analysis.Analyse(run)
	got, errGot := analysis.Analyse(kept)
	if err := errors.Join(errWant, errGot); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want.Rows, got.Rows) || !reflect.DeepEqual(want.ColdStarts(), got.ColdStarts()) {
		t.Error("the figures of the copy are others")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v %v, want run.json and cells alone", entries, err)
	}
}

// A later baseline takes the place of the former one and leaves nothing beside it.
func TestSetAgain(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	for _, id := range []string{"first", "second", "third"} {
		run := recordtest.Open(t, short())
		run.ID = id
		save(t, run)
		if _, err := store.Set(DefaultName, run); err != nil {
			t.Fatal(err)
		}
		kept, err := store.Open(DefaultName, "compare")
		if err != nil || kept.ID != id {
			t.Fatalf("%+v %v, want %s", kept, err, id)
		}
		if kept, err = store.reset(kept); err != nil || kept.ID != id {
			t.Fatalf("set with itself: %v", err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(store.Dir, "baselines", "main"))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
}

// reset stores a baseline in its own place.
func (s Store) reset(kept *record.Run) (*record.Run, error) {
	if _, err := s.Set(DefaultName, kept); err != nil {
		return nil, err
	}
	return s.Open(DefaultName, kept.Scenario.Name)
}

// A run that cannot be copied leaves the former baseline as it was.
func TestFailedSetKeepsTheFormer(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	run := named(t, "compare")
	if _, err := store.Set(DefaultName, run); err != nil {
		t.Fatal(err)
	}
	damaged := recordtest.Open(t, short())
	damaged.ID = "damaged"
	if err := os.Remove(filepath.Join(damaged.Dir, filepath.FromSlash(damaged.Cells[0].Log))); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Set(DefaultName, damaged); err == nil || !strings.Contains(err.Error(), damaged.Cells[0].Log[:5]) {
		t.Errorf("a missing log is told by %v", err)
	}
	if kept, err := store.Open(DefaultName, "compare"); err != nil || kept.ID != run.ID {
		t.Errorf("%+v %v", kept, err)
	}
	if all, err := store.List(); err != nil || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
}

// A record whose log leads elsewhere by a link gives nothing of it away.
func TestLinkOutOfTheRun(t *testing.T) {
	run := named(t, "compare")
	secret := filepath.Join(t.TempDir(), "secret")
	log := filepath.Join(run.Dir, filepath.FromSlash(run.Cells[0].Log))
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Remove(log), os.Symlink(secret, log)); err != nil {
		t.Fatal(err)
	}
	if _, err := (Store{Dir: t.TempDir()}).Set(DefaultName, run); err == nil {
		t.Error("what lies outside of the run is copied")
	}
}

// The names of scenarios are anything; those of baselines are folders.
func TestHostileNames(t *testing.T) {
	store := Store{Dir: filepath.Join(t.TempDir(), "[a]*?")}
	for _, scenario := range []string{"../../etc", "a/b", "", ".", "a b", "A_b", strings.Repeat("x", 300), "\x00"} {
		if _, err := store.Set(DefaultName, named(t, scenario)); err != nil {
			t.Errorf("%q: %v", scenario, err)
			continue
		}
		if run, err := store.Open(DefaultName, scenario); err != nil || run.Scenario.Name != scenario {
			t.Errorf("%q: %v", scenario, err)
		}
	}
	all, err := store.List()
	if err != nil || len(all) != 8 || all[0].Name != DefaultName {
		t.Errorf("%d baselines, %v", len(all), err)
	}
	for _, name := range []string{"", "..", ".", "a/b", "-a", "ä", "a b", strings.Repeat("x", 41)} {
		if _, err := store.Set(name, named(t, "compare")); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := store.Open(name, "compare"); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if outside, err := filepath.Glob(filepath.Join(glob(filepath.Dir(store.Dir)), "*")); err != nil || len(outside) != 1 {
		t.Errorf("%v %v lie outside", outside, err)
	}
}

func TestNotSet(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	_, err := store.Open(DefaultName, "compare")
	if missing, ok := errors.AsType[*NotSetError](err); !ok || missing.Scenario != "compare" || !strings.Contains(err.Error(), "servebench baseline set") {
		t.Error(err)
	}
	if all, err := store.List(); err != nil || len(all) > 0 {
		t.Errorf("%v %v", all, err)
	}
}

// Where the file system cannot swap folders at once, it is done in steps.
func TestExchange(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, f := range []string{a, b} {
		if err := errors.Join(os.Mkdir(f, 0o755), os.WriteFile(filepath.Join(f, filepath.Base(f)), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := exchange(root, "a", "b"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{filepath.Join(a, "b"), filepath.Join(b, "a")} {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
	}
	if err := exchange(root, "none", "b"); err == nil {
		t.Error("nothing is put in its place")
	}
	if _, err := os.Stat(filepath.Join(b, "a")); err != nil {
		t.Errorf("what was there is lost: %v", err)
	}
}

func TestUnfit(t *testing.T) {
	for want, spoil := range map[string]func(*record.Run){
		"":            func(*record.Run) {},
		"INVALID":     func(r *record.Run) { r.Cells[1].Ledger.Sent /= 2; r.Cells[1].Ledger.OK /= 2 },
		"INTERRUPTED": func(r *record.Run) { r.Interrupted = "stopped" },
		"UNFINISHED":  func(r *record.Run) { r.Finished = time.Time{} },
		"1 of 1 rounds": func(r *record.Run) {
			r.Cells = slices.DeleteFunc(r.Cells, func(c record.Cell) bool { return c.Target == "container" })
		},
		"was measured": func(r *record.Run) { r.Cells = nil },
	} {
		run := recordtest.Open(t, short())
		spoil(run)
		a, err := analysis.Analyse(run)
		if err != nil {
			t.Fatal(err)
		}
		if got := Unfit(a); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
