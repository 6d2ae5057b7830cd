package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
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
	// Adapter is what the process shall be, with the function's server as its child, which
	// it waits for on Port; nil: the process is the function itself.
	Adapter *Adapter
	Port    int
	Network *local.Network // that it is in; nil: this machine's
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
	// Quote is the end of its output so far, for an error about it.
	Quote() string
	// Flush waits until what it wrote before has arrived, but not for long.
	Flush()
	// Remove kills it and removes all that there is of it. It must not be
	// frozen.
	Remove() error
}

// Plain is a Sandbox that is none: processes of this machine.
type Plain struct {
	Function targets.Workload // its Command runs, with its Env, on its CPUSet
	Why      string           // no other sandbox can be had; "" when this one was asked for
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
	started, err := s.start(p)
	if err != nil {
		if p.Cgroup != nil {
			_ = p.Cgroup.Close() // empty
		}
		return nil, err
	}
	return plain{started, p.Cgroup}, nil
}

func (s Plain) start(p Process) (*local.Process, error) {
	path, err := s.Function.Executable()
	if err != nil {
		return nil, err
	}
	env, args := s.Function.Environment(targets.Loopback, p.Port), s.Function.Arguments(targets.Loopback, p.Port)
	env = p.environment(env, s.Function.Env, filepath.Dir(path))
	program := path
	if p.Adapter != nil {
		program, args[0] = p.Adapter.Program, path
		args = p.Adapter.command(program, p.Port, args)
	} else {
		args[0] = filepath.Base(path)
	}
	return local.Start(local.Command{Path: program, Args: args, Env: env, Dir: s.Function.Dir, Network: p.Network, CPUs: s.Function.CPUSet, Cgroup: p.Cgroup, Tee: p.Output})
}

// environment completes that of a function, whose own variables and folder are these. A
// function that listens nowhere has neither HOST nor PORT, unless they are its own.
func (p Process) environment(env, own []string, folder string) []string {
	if p.Adapter == nil {
		env = slices.DeleteFunc(env, func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			return (name == "HOST" || name == "PORT") && !slices.ContainsFunc(own, func(other string) bool { return strings.HasPrefix(other, name+"=") })
		})
	}
	return targets.MergeEnvironment(env, append(p.Env, "LAMBDA_TASK_ROOT="+folder))
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
	root     *oci.Root
	runtime  oci.Runtime
	image    *image.Image
	facts    []record.Fact // of the image
	function Function
}

// Name implements Sandbox.
func (s contained) Name() string { return s.runtime.Version }

// adapterPath is where a container has the adapter.
const adapterPath = "/lambdaadapter"

// Start implements Sandbox. It returns once the runtime's process exists.
func (s contained) Start(p Process) (Running, error) {
	process, err := s.image.Process(context.Background(), s.function.Workload, targets.Loopback, p.Port)
	if err != nil {
		return nil, errors.Join(err, p.Cgroup.Close())
	}
	process.Args = p.Adapter.command(adapterPath, p.Port, process.Args)
	process.Env = p.environment(process.Env, s.function.Env, path.Dir(process.Path))
	started, err := s.root.Start(s.runtime, oci.Command{
		Process: process, Network: p.Network, Tmp: s.function.Tmp,
		CPUs: s.function.CPUSet, Memory: p.Memory, Cgroup: p.Cgroup, Carrier: p.Carrier, Output: p.Output,
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

// Function is what answers.
type Function struct {
	// Workload says what to start, with what environment and on which CPUs. Its Ready and
	// Limits.Memory are not read.
	targets.Workload
	Tmp targets.Bytes // the most that a container may have in /tmp; 0: no limit
	// Adapter is that of the Config. Its Port is set where the image says it.
	Adapter *Adapter
}

// Choose puts the function in place and returns the sandbox of that kind for
// it. What needs a folder has one below dir, which discard removes. A container has the
// files of the image, or of one that is made of the command; where that cannot be, or there
// is no runtime, Auto takes processes of this machine for a command. An image without an
// ImageDigest is resolved, and note is told what image.Resolve tells.
func Choose(ctx context.Context, kind string, f Function, dir string, note func(format string, args ...any)) (s Sandbox, discard func() error, err error) {
	ofCommand := f.Image == "" && f.Build == ""
	if kind == Processes && !ofCommand {
		return nil, nil, errors.New("an image runs in containers, and the sandbox is process: want runc")
	}
	runtime, unavailable := oci.FindRuntime()
	switch {
	case kind == Processes:
		return f.plain("")
	case unavailable != nil && kind == Auto && ofCommand:
		return f.plain(unavailable.Why)
	case unavailable != nil:
		return nil, nil, fmt.Errorf("run the function in a container: %w", unavailable)
	}
	if f.ImageDigest == "" {
		f.Workload, err = image.Resolve(ctx, f.Workload, note)
	}
	var img *image.Image
	if err == nil {
		img, err = image.Open(ctx, f.Workload)
	}
	if err != nil && kind == Auto && ofCommand && ctx.Err() == nil {
		return f.plain(err.Error())
	}
	if err != nil {
		return nil, nil, err
	}
	return f.contained(ctx, runtime, img, dir)
}

// plain makes processes of this machine the sandbox.
func (f Function) plain(why string) (Sandbox, func() error, error) {
	_, err := f.Executable()
	return Plain{Function: f.Workload, Why: why}, func() error { return nil }, err
}

// contained makes containers of the image the sandbox.
func (f Function) contained(ctx context.Context, path string, img *image.Image, dir string) (Sandbox, func() error, error) {
	runtime, err := oci.Ask(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	img.Most = mostImage
	var large image.TooLargeError
	switch _, err := img.Folder(ctx); {
	case errors.As(err, &large):
		return nil, nil, fmt.Errorf("%w; Lambda takes images of %s at most", err, mostImage)
	case err != nil:
		return nil, nil, err
	}
	programs := map[string]string{}
	if f.Adapter != nil {
		programs[adapterPath], f.Adapter.Port = f.Adapter.Program, img.Port(f.Workload)
	}
	root, err := oci.NewRoot(ctx, img, dir, programs)
	if err != nil {
		return nil, nil, err
	}
	return contained{root, runtime, img, img.Facts(), f}, root.Remove, nil
}

// mostImage is the most that AWS takes of an image, "maximum uncompressed image size, including
// all layers".
const mostImage = 10 * targets.GiB
