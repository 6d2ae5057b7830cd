package calibration

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/scenarios/host"
	"servebench/targets"
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

func (m Machine) fileIn(dir string) string {
	return filepath.Join(dir, fileName(m)+".json")
}

// ThisMachine is what a calibration made now by a version of servebench holds for, where the targets get so
// many CPUs and the generator the others.
func ThisMachine(version string, targetCPUs int) (Machine, error) {
	cpus, err := host.CPUs()
	if err != nil {
		return Machine{}, err
	}
	m := Machine{CPUs: len(cpus), Generator: targets.FormatCPUs(host.Share(cpus, targetCPUs).Generator), Version: version}
	for _, fact := range host.Facts() {
		switch fact.Name {
		case "CPU":
			m.CPU = fact.Value
		case "kernel":
			m.Kernel = fact.Value
		}
	}
	return m, nil
}

// Dir is the folder that calibrations and noise floors are kept in.
func Dir() (string, error) { return targets.CacheDir("calibration") }

func fileName(of ...any) string {
	var text []byte
	for _, v := range of {
		text = fmt.Appendf(text, "%#v", v)
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%x", sum[:8])
}

// Save keeps a calibration in a folder, which need not exist, in the place of an
// earlier one of the same machine.
func Save(dir string, d Document) error {
	if err := saveJSON(d.Machine.fileIn(dir), d); err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	return nil
}

// saveJSON writes a value as JSON. There is never half a file.
func saveJSON(path string, value any) (err error) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	folder, err := record.OpenFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	return folder.Write(filepath.Base(path), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// maxFile bounds what is kept of a machine, in bytes.
const maxFile = 16 << 20

// loadJSON reads JSON into a value, which is left as it is where there is no file.
func loadJSON(path string, value any) error {
	text, err := userfile.ReadText(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := userfile.JSON(text, value); err != nil {
		return fmt.Errorf("%s: %w; servebench calibrate writes it again", path, err)
	}
	return nil
}

// Load returns what is kept in a folder for a machine; nil when nothing is.
func Load(dir string, m Machine) (*record.Calibration, error) {
	var d Document
	if err := loadJSON(m.fileIn(dir), &d); err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	if d.Schema != Schema || d.Machine != m {
		return nil, nil
	}
	return &d.Calibration, nil
}

// Others reports whether a folder holds calibrations, of this machine or others.
func Others(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	return err == nil && slices.ContainsFunc(files, func(file string) bool { return !strings.HasPrefix(filepath.Base(file), noisePrefix) })
}

// Kept is the one that was made by a version of servebench on this machine, on
// the CPUs that the generator has where the targets get so many; nil when there is
// none.
func Kept(version string, targetCPUs int) (*record.Calibration, error) {
	machine, err := ThisMachine(version, targetCPUs)
	if err != nil {
		return nil, err
	}
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	return Load(dir, machine)
}

// Keep keeps a calibration on this machine.
func Keep(d Document) error {
	dir, err := Dir()
	if err != nil {
		return err
	}
	return Save(dir, d)
}

// NoiseSchema is the version of a kept NoiseFloor. A reader passes over others.
const NoiseSchema = "servebench.noise/v1"

// NoiseFloor is what an A/B test of a server with itself found of a machine, under the load
// of a scenario.
type NoiseFloor struct {
	Schema   string       `json:"schema"`
	Machine  Machine      `json:"machine"`
	Scenario string       `json:"scenario"` // as YAML, without what changes nothing of the noise
	Noise    record.Noise `json:"noise"`
}

// noisePrefix tells the files of noise floors from those of calibrations.
const noisePrefix = "noise-"

// File is where the noise floor of a machine under a scenario is kept.
func (n NoiseFloor) File(dir string) string {
	return filepath.Join(dir, noisePrefix+fileName(n.Machine, n.Scenario)+".json")
}

// SaveNoise keeps a noise floor in a folder, which need not exist, in the place of an
// earlier one of the same machine and scenario.
func SaveNoise(dir string, n NoiseFloor) error {
	n.Schema = NoiseSchema
	if err := saveJSON(n.File(dir), n); err != nil {
		return fmt.Errorf("save noise floor: %w", err)
	}
	return nil
}

// LoadNoise returns what is kept in a folder for a machine under a scenario; nil when
// nothing is.
func LoadNoise(dir string, m Machine, scenario string) (*record.Noise, error) {
	var n NoiseFloor
	if err := loadJSON(NoiseFloor{Machine: m, Scenario: scenario}.File(dir), &n); err != nil {
		return nil, fmt.Errorf("read noise floor: %w", err)
	}
	if n.Schema != NoiseSchema || n.Machine != m || n.Scenario != scenario {
		return nil, nil
	}
	return &n.Noise, nil
}
