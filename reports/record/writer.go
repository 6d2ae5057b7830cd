package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// NewID names a run so that names sort by time and can be read:
// "20261122-101530-compare-a1b2". The time is UTC; the end is random, so that
// two runs that start in the same second do not meet.
func NewID(created time.Time, scenario string) string {
	name := safe(scenario)
	if name == "" {
		name = "run"
	}
	return fmt.Sprintf("%s-%s-%04x", created.UTC().Format("20060102-150405"), name, rand.Uint32()&0xffff)
}

// cellName is the name of a cell's file without folder and extension:
// "r02-physical-steady", and "r02.1-physical-steady" of a rerun.
// Rounds sort up to 99.
func cellName(v Trial, phase string) string { return trialName(v) + "-" + FileName(phase) }

// trialName is what the names of a trial's files begin with: "r02-physical".
func trialName(v Trial) string {
	pass := fmt.Sprintf("r%02d", v.Round)
	if v.Attempt > 0 {
		pass += fmt.Sprintf(".%d", v.Attempt)
	}
	return pass + "-" + FileName(v.Target)
}

// FileName makes a name safe for a file and keeps two names that differ only in
// what was replaced apart.
func FileName(name string) string {
	clean := safe(name)
	if clean == name && clean != "" {
		return clean
	}
	return fmt.Sprintf("%s_%08x", clean, crc32.ChecksumIEEE([]byte(name)))
}

// safe keeps letters, digits, "-" and "_" of ASCII and up to 40 of them; others
// become "_". A leading dot or dash, a slash, a device name's colon cannot
// appear.
func safe(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
	clean = strings.TrimLeft(clean, "-")
	return clean[:min(len(clean), 40)]
}
