package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/oci"
)

// The kinds of sandboxes.
const (
	Auto      = "auto" // runc where it can be had, else processes
	Runc      = "runc" // or crun
	Processes = "process"
)

// Sandboxes names the kinds.
func Sandboxes() []string { return []string{Auto, Runc, Processes} }

// Function is the program that answers.
type Function struct {
	Path string   // of the executable, absolute
	Args []string // after its name
	Env  []string // KEY=VALUE
	CPUs []int    // that it is pinned to; empty: not pinned
}

// Choose puts the function in place and returns the sandbox of that kind for
// it. What needs a folder has one below dir, which discard removes. A container
// holds the executable alone, which has to be static; where it is not, or there
// is no runtime, Auto takes processes of this machine.
func Choose(ctx context.Context, kind string, f Function, dir string) (s Sandbox, discard func() error, err error) {
	nothing := func() error { return nil }
	plain := Plain{Path: f.Path, Args: append([]string{filepath.Base(f.Path)}, f.Args...), Env: f.Env, CPUs: f.CPUs}
	if kind == Processes {
		return plain, nothing, nil
	}
	path, unavailable := oci.FindRuntime()
	if unavailable != nil {
		plain.Why = unavailable.Why
		if kind == Runc {
			return nil, nil, fmt.Errorf("run the function in a container: %w", unavailable)
		}
		return plain, nothing, nil
	}
	image, err := oci.Local(targets.Workload{Command: []string{f.Path}})
	if err != nil && kind == Auto {
		plain.Why = err.Error()
		return plain, nothing, nil
	}
	if err != nil {
		return nil, nil, err
	}
	runtime, err := oci.Ask(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	root, err := oci.Unpack(ctx, image, dir)
	if err != nil {
		return nil, nil, errors.Join(err, ctx.Err())
	}
	args := append([]string{image.Program}, f.Args...)
	return Contained{Root: root, Runtime: runtime, Args: args, Env: f.Env, CPUs: f.CPUs}, root.Remove, nil
}
