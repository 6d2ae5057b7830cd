package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"servebench/reports/record/userfile"
)

// NoRunError says that a path is not the folder of a run.
type NoRunError struct{ Dir string }

func (e *NoRunError) Error() string {
	problem := "there is no " + fileName + " in it"
	switch info, err := os.Stat(e.Dir); {
	case err != nil:
		problem = "no such folder"
	case !info.IsDir():
		problem = "not a folder"
	}
	return fmt.Sprintf("%s: %s; want the folder of a run, such as runs/20261122-101530-compare-a1b2", e.Dir, problem)
}

// Open reads the run in the folder dir; the path of its run.json does as well.
// Where there is none the error is a *NoRunError. It refuses a run of another schema, a run.json that is cut off or damaged,
// and one that names what it does not hold. It does not read the interval logs.
func Open(dir string) (*Run, error) {
	if filepath.Base(dir) == fileName {
		dir = filepath.Dir(dir)
	}
	run, err := open(dir)
	if err == nil && run.Finished.IsZero() {
		hold := holdOf(dir)
		if hold == Free { // it may have ended after it was read
			run, err = open(dir)
		}
		if err == nil && run.Finished.IsZero() {
			run.Hold = hold
		}
	}
	return run, err
}

func open(dir string) (*Run, error) {
	text, err := readRun(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoFolder) {
		return nil, &NoRunError{Dir: dir}
	}
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	run, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("open run %s: %w", filepath.Join(dir, fileName), err)
	}
	run.Dir = dir
	return run, nil
}

// maxRun bounds a run.json, which is held in memory.
const maxRun = 1 << 30

func readRun(dir string) (text []byte, err error) {
	folder, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	file, err := folder.open(fileName, maxRun)
	if err != nil {
		return nil, err
	}
	return userfile.ReadAll(file, maxRun)
}

func decode(text []byte) (*Run, error) {
	var head struct {
		Schema  string `json:"schema"`
		Version string `json:"version"`
	}
	if err := userfile.JSON(text, &head); err != nil {
		return nil, err
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("schema %q, written by servebench %q: want %q; report it with the servebench that made it, or run its scenario again",
			head.Schema, head.Version, Schema)
	}
	run := new(Run)
	if err := userfile.JSON(text, run); err != nil {
		return nil, err
	}
	return run, run.check()
}

// check holds what reports rely on: cells of known targets and phases, rounds
// from 1, none of them twice, and logs inside the run's folder.
func (r *Run) check() error {
	targets, phases := make(map[string]bool), make(map[string]bool)
	for _, t := range r.Targets {
		targets[t.Name] = true
	}
	for _, p := range r.Scenario.Phases {
		phases[p.Name] = true
	}
	type cell struct {
		target, phase  string
		round, attempt int
	}
	cells := make(map[cell]int)
	for i := range r.Cells {
		c := &r.Cells[i]
		at := cell{c.Target, c.Phase, c.Round, c.Attempt}
		former, twice := cells[at]
		cells[at] = i
		switch {
		case !targets[c.Target]:
			return fmt.Errorf("cell %d: target %q is not one of the run's", i, c.Target)
		case !phases[c.Phase]:
			return fmt.Errorf("cell %d: phase %q is not one of the scenario's", i, c.Phase)
		case c.Round < 1:
			return fmt.Errorf("cell %d: round %d: want 1 or more", i, c.Round)
		case twice:
			return fmt.Errorf("cell %d: target %q, phase %q, round %d, attempt %d are those of cell %d: want each once", i, c.Target, c.Phase, c.Round, c.Attempt, former)
		case c.Attempt < 0:
			return fmt.Errorf("cell %d: attempt %d: want 0 or more", i, c.Attempt)
		case c.Log != "" && !filepath.IsLocal(filepath.FromSlash(c.Log)):
			return fmt.Errorf("cell %d: log %q: want a path inside the run's folder", i, c.Log)
		}
	}
	return nil
}

// Reopen opens the run in the folder dir, as Open does, and a Writer that adds to it.
// It fails where another one has it open. Logs that no cell names are removed: of a
// writer that was killed before it could say what they are.
func Reopen(dir string) (*Run, *Writer, error) {
	run, err := Open(dir)
	if err != nil {
		return nil, nil, err
	}
	w, err := newWriter(run.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open run %s: %w", dir, err)
	}
	// The one who had it before may have changed it meanwhile.
	if run, err = Open(run.Dir); err == nil {
		err = w.removeNameless(run)
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.Close())
	}
	return run, w, nil
}

// lock takes a folder for this process, until the file is closed; no other one can
// have it meanwhile. It leaves nothing in the folder. Where the file system has no
// locks, as some of a network, it is taken without one.
func (f *Folder) lock() (*os.File, error) {
	folder, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	for try := 1; errors.Is(userfile.Lock(folder), userfile.ErrLocked); try++ {
		if try == lockTries {
			return nil, errors.Join(errors.New("another servebench is writing it"), folder.Close())
		}
		time.Sleep(lockPause)
	}
	return folder, nil
}

// A reader has the lock for a moment when it looks who holds it.
const (
	lockTries = 5
	lockPause = 10 * time.Millisecond
)

// holdOf asks whether a process has locked a folder, and leaves it as it is.
func holdOf(dir string) Hold {
	folder, err := os.Open(dir)
	if err != nil {
		return HoldUnknown
	}
	defer folder.Close()
	switch err := userfile.LockShared(folder); {
	case err == nil:
		return Free
	case errors.Is(err, userfile.ErrLocked):
		return Held
	}
	return HoldUnknown
}

// removeNameless removes the logs that no cell of the run names.
func (w *Writer) removeNameless(run *Run) error {
	named := map[string]bool{}
	for _, c := range run.Cells {
		named[c.Log] = true
	}
	files, err := w.names(cellFolder)
	if err != nil {
		return err
	}
	for _, file := range files {
		name := cellFolder + "/" + file
		if path.Ext(name) != logEnding || named[name] {
			continue
		}
		if err := w.remove(name); err != nil {
			return err
		}
	}
	return nil
}
