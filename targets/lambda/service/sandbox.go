package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"
	"servebench/targets/oci"
)

// Sandbox runs the processes of a function. Its methods are safe for concurrent
// use.
type Sandbox interface {
	// Name says what it is, for people: "runc 1.1.5".
	Name() string
	// Start starts a process of the function.
	Start(Process) (Running, error)
}

// Process is a process of the function that shall be.
type Process struct {
	// Env is what Lambda sets, over which nothing may be set.
	Env []string
	// Cgroup is the process's own from then on: what ends the process removes
	// it, and so does a Start that fails; nil: none.
	Cgroup *local.Cgroup
	// Carrier is the cgroup of what carries the process; nil: none.
	Carrier *local.Cgroup
	Memory  targets.Bytes // the most that it may hold, which Cgroup enforces
	Output  io.Writer     // gets what it writes
}

// Running is a process of the function, with all that it started.
type Running interface {
	// Server returns its id on this machine and since when it exists; ok is
	// false before that is known.
	Server() (pid int, since time.Time, ok bool)
	// Done is closed when it ended.
	Done() <-chan struct{}
	// Status is its exit status, or the signal that ended it, and Ended says
	// both for people, quoting the end of its output. They wait for the end.
	Status() (code int, signal syscall.Signal)
	Ended() error
	// Flush waits until what it wrote before has arrived, but not for long.
	Flush()
	// Remove kills it and removes all that there is of it. It must not be
	// frozen.
	Remove() error
}

// Plain is a Sandbox that is none: processes of this machine.
type Plain struct {
	Path string   // of the executable
	Args []string // argument vector, the name included
	Env  []string // of the function, KEY=VALUE
	CPUs []int    // that it is pinned to; empty: not pinned
	Why  string   // no other sandbox can be had; "" when this one was asked for
}

// Name implements Sandbox.
func (s Plain) Name() string {
	if s.Why != "" {
		return "none, processes of this machine: " + s.Why
	}
	return "none, processes of this machine"
}

// Start implements Sandbox.
func (s Plain) Start(p Process) (Running, error) {
	env := targets.MergeEnvironment(s.Env, append(p.Env, "LAMBDA_TASK_ROOT="+filepath.Dir(s.Path)))
	started, err := local.Start(local.Command{Path: s.Path, Args: s.Args, Env: env, CPUs: s.CPUs, Cgroup: p.Cgroup, Tee: p.Output})
	if err != nil {
		if p.Cgroup != nil {
			_ = p.Cgroup.Close() // empty
		}
		return nil, err
	}
	return plain{started, p.Cgroup}, nil
}

// plain is a process of this machine.
type plain struct {
	*local.Process
	group *local.Cgroup // nil: none
}

// Server implements Running.
func (p plain) Server() (int, time.Time, bool) { return p.PID(), p.Started, true }

// Remove implements Running.
func (p plain) Remove() error {
	p.Kill()
	return p.group.Close()
}

// contained is a Sandbox of containers that share one read-only root folder.
type contained struct {
	root    *oci.Root
	runtime oci.Runtime
	process image.Process // the function
	cpus    []int         // that it is pinned to; empty: not pinned
}

// Name implements Sandbox.
func (s contained) Name() string { return s.runtime.Version }

// Start implements Sandbox. It returns once the runtime's process exists.
func (s contained) Start(p Process) (Running, error) {
	process := s.process
	process.Env = targets.MergeEnvironment(process.Env, append(p.Env, "LAMBDA_TASK_ROOT=/bin"))
	started, err := s.root.Start(s.runtime, oci.Command{
		Process: process,
		CPUs:    s.cpus, Memory: p.Memory, Cgroup: p.Cgroup, Carrier: p.Carrier, Output: p.Output,
	})
	if err != nil {
		return nil, err
	}
	return started, nil
}

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
	img, err := image.Open(ctx, targets.Workload{Command: []string{f.Path}})
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
	root, err := oci.NewRoot(ctx, img, dir, nil)
	if err != nil {
		return nil, nil, errors.Join(err, ctx.Err())
	}
	process, err := img.Process(ctx, targets.Workload{Command: append([]string{f.Path}, f.Args...)}, "", 0)
	if err != nil {
		return nil, nil, errors.Join(err, root.Remove())
	}
	process.Env = f.Env
	return contained{root, runtime, process, f.CPUs}, root.Remove, nil
}
