package calibration

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"servebench/reports/record"
)

// Schema is the version of a Document. A reader refuses others.
const Schema = "servebench.calibration/v1"

// Machine is what a calibration holds for: on another machine, with other CPUs for
// the generator, or with another servebench, it says nothing.
type Machine struct {
	CPU       string `json:"cpu"` // the model
	CPUs      int    `json:"cpus"`
	Kernel    string `json:"kernel"`
	Generator string `json:"generator_cpus"`
	Version   string `json:"version"` // of servebench
}

// Document is a calibration with how it came about.
type Document struct {
	Schema  string  `json:"schema"`
	Machine Machine `json:"machine"`
	record.Calibration
	Quick   bool      `json:"quick,omitempty"`    // coarse, and not kept
	LeftOut []LeftOut `json:"left_out,omitempty"` // rates whose floor is not known
	Tries   []Try     `json:"tries"`
}

// file is where the calibration of a machine is kept.
func (m Machine) file(dir string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", m))
	return filepath.Join(dir, fmt.Sprintf("%x.json", sum[:8]))
}

// Save keeps a calibration in a folder, which need not exist, in the place of an
// earlier one of the same machine. There is never half a file.
func Save(dir string, d Document) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	temp, err := os.CreateTemp(dir, ".calibration-*")
	if err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	_, err = temp.Write(append(text, '\n'))
	if err = errors.Join(err, temp.Chmod(0o644), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), d.Machine.file(dir))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save calibration: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

// Load returns what is kept in a folder for a machine; nil when nothing is.
func Load(dir string, m Machine) (*record.Calibration, error) {
	path := m.file(dir)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read calibration %s: %w", path, err)
	}
	if d.Schema != Schema || d.Machine != m {
		return nil, nil
	}
	return &d.Calibration, nil
}

// Others reports whether a folder holds calibrations, of this machine or others.
func Others(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	return err == nil && len(files) > 0
}
