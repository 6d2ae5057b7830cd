package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// tool is a load generator, or one way to run it.
type tool struct {
	name string
	find func(bin string) (program, error)
	// can says whether it has a load of that kind.
	can func(load) bool
	// command returns its arguments for a load. It may write files into dir, which
	// is empty, and in which it will run.
	command func(l load, dir string) ([]string, error)
	// read reads what it reported.
	read func(ctx context.Context, s said) (reading, error)
}

// program is an executable with its version.
type program struct {
	path, version string
}

// said is what a tool left behind.
type said struct {
	program program
	dir     string
	ended
}

// reading is what a tool reports of a load.
type reading struct {
	Sent   int64         `json:"sent"` // requests of the load itself; 0: it does not say
	Failed int64         `json:"failed"`
	P99    time.Duration `json:"p99_ns"` // of its latencies
	// Lag is the tool's own account of sent − due, where it keeps one.
	Lag *ownLag `json:"own_lag,omitempty"`
	// Remark is what the tool itself says against its figures.
	Remark string `json:"remark,omitempty"`
}

// ownLag are quantiles of the lag.
type ownLag struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// tools are all that are compared, in the order of the table.
func tools() []tool {
	return []tool{servebench(), vegeta(0), vegeta(fewWorkers), bombardier(), fortio(), hey(), k6(), wrk()}
}

func toolNames() []string {
	var names []string
	for _, t := range tools() {
		names = append(names, t.name)
	}
	return names
}

// inFolder finds a program that is built into a folder below bin.
func inFolder(folder, name, how string) func(string) (program, error) {
	return func(bin string) (program, error) {
		path, err := filepath.Abs(filepath.Join(bin, folder, name))
		if err != nil {
			return program{}, err
		}
		info, err := buildinfo.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return program{}, fmt.Errorf("%s is not there; %s builds it", path, how)
		}
		if err != nil {
			return program{}, fmt.Errorf("read the version of %s: %w", path, err)
		}
		return program{path: path, version: info.Main.Version}, nil
	}
}

// installed finds a program in PATH.
func installed(name, how string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed; %s", name, how)
	}
	return filepath.Abs(path)
}

// constantOrClosed reports whether a load has no gaps, or constant ones.
func constantOrClosed(l load) bool { return !l.poisson }

// writeBody writes a load's body into dir and returns the file's name; "" for none.
func writeBody(l load, dir string) (string, error) {
	if l.body == nil {
		return "", nil
	}
	const name = "body"
	return name, os.WriteFile(filepath.Join(dir, name), l.body, 0o600)
}
