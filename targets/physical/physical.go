// Package physical runs the server as a child process on this machine: the
// target with nothing in between, which the other targets are compared with.
// It has the same CPU set, memory limit, GOMAXPROCS and environment as they
// have. A scenario opens it through Kind.
//
// An image runs here, too: its files are the root folder of the process, in a mount
// namespace, and its user, environment and folder are the process's. Nothing else keeps
// it apart from this machine, whose network, devices and processes it has. What it
// writes goes with it.
package physical

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// Kind describes the target. It can run anywhere; an image needs root.
func Kind() targets.Kind {
	return targets.Kind{
		Name:  "physical",
		Doc:   "The server as a process on this machine, with nothing in between.",
		Check: func(context.Context, map[string]string) error { return nil },
		Open: func(cfg targets.Config) (targets.Target, error) {
			if _, err := targets.Resolve(nil, cfg.Options); err != nil {
				return nil, fmt.Errorf("physical: %w", err)
			}
			return target{dir: cfg.Dir}, nil
		},
		CheckImage: checkImage,
		Leftovers:  leftovers,
		Faults:     local.Faults(),
	}
}

// target starts processes.
type target struct{ dir string }

// Close does nothing.
func (target) Close(context.Context) error { return nil }

// Deploy starts the server with the CPU set and in the cgroup that bound it,
// and waits until it is ready. Where no cgroup can be made the server runs
// without a memory limit, and a Fact says so.
func (t target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if w.Image != "" || w.Build != "" {
		return t.fromImage(ctx, w)
	}
	path, err := w.Executable()
	if err != nil {
		return nil, err
	}
	return local.OnPort(ctx, w.Port, func(port int) (*targets.Deployment, error) {
		return targets.Supervise(ctx, w, func(ctx context.Context) (*targets.Deployment, error) {
			return start(ctx, w, port, local.Command{
				Path: path, Args: w.Arguments(targets.Loopback, port), Env: w.Environment(targets.Loopback, port), Dir: w.Dir,
			}, "")
		}, nil)
	})
}

// start makes one attempt on one port. The folder, where there is one, goes with the
// server.
func start(ctx context.Context, w targets.Workload, port int, command local.Command, folder string) (*targets.Deployment, error) {
	group, unlimited := local.NewLimited(w.Limits)
	command.CPUs, command.Cgroup, command.Tee = w.CPUSet, group, w.Output
	server, err := local.Start(command)
	if err != nil {
		return nil, errors.Join(err, group.Close(), os.RemoveAll(folder))
	}
	i := &instance{Process: server, group: group, folder: folder, port: port}
	i.Read = i.used
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    server.Began, Instance: i,
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: server.Began, Done: server.Done()}
	waited, err := probe.Wait(ctx)
	if err = server.Judge(err, server.PID(), port); err != nil {
		server.Kill()
		return nil, errors.Join(err, i.remove())
	}
	d.Stages = targets.Stages(server.Began, server.Started, waited)
	d.Facts = local.Applied(server.PID(), w, unlimited) // not while the start is timed
	if command.Root != nil {
		d.Facts = append(d.Facts, server.RootFact())
	}
	return d, nil
}

// instance is a running server. Done and Err are the process's own.
type instance struct {
	*local.Process
	targets.Account
	group  *local.Cgroup // nil: none
	folder string        // of what belongs to it alone; "": none
	port   int
	once   sync.Once
	err    error // of Close
}

// used asks the cgroup, which counts ended children as well; without one, the
// process tree.
func (i *instance) used(context.Context) (record.Usage, error) {
	if i.group == nil {
		return local.TreeUsage(i.PID())
	}
	return i.group.Usage()
}

// Inject implements targets.Injector.
func (i *instance) Inject(_ context.Context, kind string) (targets.Injected, error) {
	return local.Prey{Main: i.PID(), Group: i.group, Port: i.port}.Inject(kind)
}

// Close ends the server and removes its cgroup and its folder.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = i.remove()
	})
	return i.err
}

// remove removes what there is beside the process, which ended. What else is in the cgroup
// ends with it, and writes no more to the folder.
func (i *instance) remove() error { return errors.Join(i.group.Close(), os.RemoveAll(i.folder)) }
