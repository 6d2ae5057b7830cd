package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	*Folder
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
	if err := makeFolders(parent, dir); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	run.Dir = dir
	w, err := newWriter(dir)
	if err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	return w, w.Save(run)
}

// newWriter opens a folder and takes it for this process.
func newWriter(dir string) (*Writer, error) {
	folder, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	lock, err := folder.lock()
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return &Writer{folder, lock}, nil
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

// Close lets others write the run. It is not needed where the process ends.
func (w *Writer) Close() error { return errors.Join(w.lock.Close(), w.Folder.Close()) }

// Log opens the interval log of one cell, with its header written. The caller
// closes it.
func (w *Writer) Log(v Trial, phase string) (*LogWriter, error) {
	return newLogWriter(w.Folder, cellFolder+"/"+cellName(v, phase)+logEnding, time.Now())
}

// Raw opens the file for the engine's own result stream of one cell. The caller
// closes it.
func (w *Writer) Raw(v Trial, phase string) (*os.File, error) {
	return w.Create(cellFolder + "/" + cellName(v, phase) + ".vegeta")
}

// Save writes run.json so that a reader, or a crash at any moment, finds the
// former one or the new one whole, never a part.
func (w *Writer) Save(run *Run) error {
	run.redact()
	text, err := json.MarshalIndent(run, "", " ")
	if err != nil {
		return fmt.Errorf("save run %s: %w", w.dir, err)
	}
	err = w.Write(fileName, func(file io.Writer) error {
		_, err := file.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("save run: %w", err)
	}
	return nil
}
