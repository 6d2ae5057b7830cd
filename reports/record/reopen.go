package record

import (
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"servebench/reports/record/userfile"
)

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
