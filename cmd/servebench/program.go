package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// program returns what finds one of servebench's other programs: beside
// servebench itself, else in PATH.
func program(name string) func() (string, error) {
	return func() (string, error) {
		path, err := findProgram(name)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		return path, nil
	}
}

func findProgram(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(beside); err == nil && info.Mode()&0o111 != 0 {
		return beside, nil
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("it is neither %s nor in PATH; `make build` puts all programs into bin/", beside)
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
