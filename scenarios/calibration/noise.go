package calibration

import (
	"fmt"
	"path/filepath"

	"servebench/reports/record"
)

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
	return filepath.Join(dir, noisePrefix+digest(n.Machine, n.Scenario)+".json")
}

// SaveNoise keeps a noise floor in a folder, which need not exist, in the place of an
// earlier one of the same machine and scenario.
func SaveNoise(dir string, n NoiseFloor) error {
	n.Schema = NoiseSchema
	if err := save(n.File(dir), n); err != nil {
		return fmt.Errorf("save noise floor: %w", err)
	}
	return nil
}

// LoadNoise returns what is kept in a folder for a machine under a scenario; nil when
// nothing is.
func LoadNoise(dir string, m Machine, scenario string) (*record.Noise, error) {
	var n NoiseFloor
	if err := load(NoiseFloor{Machine: m, Scenario: scenario}.File(dir), &n); err != nil {
		return nil, fmt.Errorf("read noise floor: %w", err)
	}
	if n.Schema != NoiseSchema || n.Machine != m || n.Scenario != scenario {
		return nil, nil
	}
	return &n.Noise, nil
}
