package service

import (
	"io"
	"path/filepath"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/local"
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
