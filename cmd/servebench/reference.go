package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"servebench/scenarios"
	"servebench/targets/reference/models"
)

// reference is the reference server as a run needs it.
func reference() scenarios.Reference {
	ref := scenarios.Reference{
		Command: func(model string) ([]string, error) {
			binary, err := referenceBinary()
			return []string{binary, "serve", "--model", model}, err
		},
	}
	for _, model := range models.All() {
		ref.Models = append(ref.Models, scenarios.Model{
			Name:      model.Name,
			Generator: model.Generator,
			Predict:   model.Predict,
		})
	}
	return ref
}

// referenceBinary finds refserver beside servebench itself, else in PATH.
func referenceBinary() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find refserver: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", fmt.Errorf("find refserver: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), "refserver")
	if info, err := os.Stat(beside); err == nil && info.Mode()&0o111 != 0 {
		return beside, nil
	}
	path, err := exec.LookPath("refserver")
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("find refserver: it is neither %s nor in PATH; `make build` puts both programs into bin/", beside)
	}
	if err != nil {
		return "", fmt.Errorf("find refserver: %w", err)
	}
	return filepath.Abs(path)
}
