// Package baseline keeps runs that later ones are compared with: copies of their
// records, without the reports, so small that they can be committed or cached by
// continuous integration. They lie in
//
//	DIR/baselines/NAME/SCENARIO/
//
// each of them a run's folder that every command reads like any other. It stands
// beside reports/record, which reads and writes runs.
package baseline

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
)

// DefaultName is the name of a baseline that has no other.
const DefaultName = "main"

// Store is a folder with baselines.
type Store struct {
	Dir string // ".servebench"; need not exist
}

// Stored is a run that is kept as a baseline.
type Stored struct {
	Name string // of the baseline
	*record.Run
}

// NotSetError says that there is no baseline of a scenario.
type NotSetError struct {
	Name, Scenario, Dir string
}

func (e *NotSetError) Error() string {
	return fmt.Sprintf("there is no baseline %q of the scenario %q in %s; servebench baseline set RUN stores one", e.Name, e.Scenario, e.Dir)
}

// ErrName says that a baseline's name is no plain name of a folder.
var ErrName = errors.New("want up to 40 letters, digits, - and _")

func checkName(name string) error {
	if name == "" || record.FileName(name) != name {
		return fmt.Errorf("name of a baseline %q: %w", name, ErrName)
	}
	return nil
}

// Unfit says why a run should not become a baseline; "" when it may.
func Unfit(a *analysis.Analysis) string {
	switch {
	case a.Empty():
		return "nothing was measured: " + sentence.Nothing(a)
	case a.Validity == record.Invalid:
		return "it is INVALID: " + sentence.Blame(a)
	}
	if short := a.Shortfall(); short != nil {
		return "it is " + short.Word + ": " + sentence.Shortfall(a, short)
	}
	return ""
}

// Open reads the baseline of that name of a scenario. The error is a *NotSetError
// where there is none.
func (s Store) Open(name, scenario string) (*record.Run, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	run, err := record.Open(s.folder(name, scenario))
	if _, none := errors.AsType[*record.NoRunError](err); none {
		return nil, &NotSetError{Name: name, Scenario: scenario, Dir: s.Dir}
	}
	if err != nil {
		return nil, fmt.Errorf("open baseline %s of %s: %w", name, scenario, err)
	}
	return run, nil
}

// List reads all baselines, by their names and in one by the scenarios. Folders that
// begin with a dot are none.
func (s Store) List() ([]Stored, error) {
	var all []Stored
	folders, err := filepath.Glob(filepath.Join(glob(s.Dir), "baselines", "[^.]*", "[^.]*"))
	if err != nil {
		return nil, fmt.Errorf("list baselines in %s: %w", s.Dir, err)
	}
	for _, folder := range folders {
		run, err := record.Open(folder)
		if err != nil {
			return nil, fmt.Errorf("list baselines: %w", err)
		}
		all = append(all, Stored{Name: filepath.Base(filepath.Dir(folder)), Run: run})
	}
	return all, nil
}

// glob quotes what filepath.Glob takes for a pattern.
func glob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// folder is where a baseline lies.
func (s Store) folder(name, scenario string) string {
	return filepath.Join(s.Dir, "baselines", name, record.FileName(scenario))
}

// Set keeps a copy of a run's record as the baseline of that name of its scenario,
// in the place of an earlier one, and returns the copy's folder. Whatever happens,
// the former one or the new one is there whole, never a part.
func (s Store) Set(name string, run *record.Run) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	folder := s.folder(name, run.Scenario.Name)
	if err := s.set(name, filepath.Base(folder), run); err != nil {
		return "", fmt.Errorf("set baseline %s of %s: %w", name, run.Scenario.Name, userfile.Cause(err))
	}
	return folder, nil
}

// set copies the run beside its place and puts the copy there. No link leads it out of
// the store, which may be somebody else's.
func (s Store) set(name, place string, run *record.Run) (err error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	store, err := os.OpenRoot(s.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	of := filepath.Join("baselines", name)
	if err := store.MkdirAll(of, 0o755); err != nil {
		return err
	}
	beside, err := store.OpenRoot(of)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, beside.Close()) }()
	made := fmt.Sprintf(".%s-%08x", place, rand.Uint32())
	if err := beside.Mkdir(made, 0o755); err != nil {
		return err
	}
	if err = copyInto(filepath.Join(s.Dir, of, made), run); err == nil {
		err = put(beside, made, place)
	}
	// What is left there is an unfinished copy, or the former baseline.
	return errors.Join(err, beside.RemoveAll(made))
}

func copyInto(folder string, run *record.Run) error {
	to, err := record.OpenFolder(folder)
	if err != nil {
		return err
	}
	return errors.Join(record.Copy(run, to), to.Close())
}
