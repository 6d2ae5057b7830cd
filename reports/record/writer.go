package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	fileName   = "run.json"
	cellFolder = "cells"
	logEnding  = ".hlog"
)

// Writer writes a run's folder. It is not safe for concurrent use; the files
// that Log and Raw return may be used beside it.
type Writer struct {
	dir  string
	lock *os.File // of the folder, for as long as it is open
}

// Create makes the folder parent/run.ID and the parents it needs, and writes
// run.json at once: a path that cannot be written fails here, before any load.
// It fills in what is empty of Schema, Created and ID, and sets Dir. A folder
// that exists is an error.
func Create(parent string, run *Run) (*Writer, error) {
	if run.Schema == "" {
		run.Schema = Schema
	}
	if run.Created.IsZero() {
		run.Created = time.Now()
	}
	if run.ID == "" {
		run.ID = NewID(run.Created, run.Scenario.Name)
	}
	if run.ID != safeID(run.ID) {
		return nil, fmt.Errorf("create run: id %q: want a plain folder name", run.ID)
	}
	dir := filepath.Join(parent, run.ID)
	err := makeFolders(parent, dir)
	if err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	run.Dir = dir
	w := &Writer{dir: dir}
	if w.lock, err = lock(dir); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	return w, w.Save(run)
}

func safeID(id string) string {
	if id == "." || id == ".." || !filepath.IsLocal(id) {
		return ""
	}
	return filepath.Base(id)
}

func makeFolders(parent, dir string) error {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Mkdir(filepath.Join(dir, cellFolder), 0o755)
}

// Dir is the run's folder.
func (w *Writer) Dir() string { return w.dir }

// Close lets others write the run. It is not needed where the process ends.
func (w *Writer) Close() error { return w.lock.Close() }

// Log opens the interval log of one cell, with its header written. The caller
// closes it.
func (w *Writer) Log(v Visit, phase string) (*LogWriter, error) {
	return newLogWriter(w.dir, cellFolder+"/"+cellName(v, phase)+logEnding, time.Now())
}

// Raw opens the file for the engine's own result stream of one cell. The caller
// closes it.
func (w *Writer) Raw(v Visit, phase string) (*os.File, error) {
	file, err := createNew(filepath.Join(w.dir, cellFolder, cellName(v, phase)+".vegeta"))
	if err != nil {
		return nil, fmt.Errorf("create raw results: %w", err)
	}
	return file, nil
}

// createNew refuses a file that exists: two cells must never share one.
func createNew(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// Save writes run.json so that a reader, or a crash at any moment, finds the
// former one or the new one whole, never a part.
func (w *Writer) Save(run *Run) error {
	text, err := json.MarshalIndent(run, "", " ")
	if err != nil {
		return fmt.Errorf("save run %s: %w", w.dir, err)
	}
	if err := replace(filepath.Join(w.dir, fileName), append(text, '\n')); err != nil {
		return fmt.Errorf("save run %s: %w", w.dir, err)
	}
	return nil
}

func replace(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails when the rename went well, as it should
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename in the folder durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
