// Package physical runs the server as a child process on this machine: the
// target with nothing in between, which the other targets are compared with.
// It has the same CPU set, memory limit, GOMAXPROCS and environment as they
// have. A scenario opens it through Kind.
package physical

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// Kind describes the target. It can run anywhere.
func Kind() targets.Kind {
	return targets.Kind{
		Name:  "physical",
		Doc:   "The server as a process on this machine, with nothing in between.",
		Check: func(context.Context, map[string]string) error { return nil },
		Open: func(cfg targets.Config) (targets.Target, error) {
			if _, err := targets.Resolve(nil, cfg.Options); err != nil {
				return nil, fmt.Errorf("physical: %w", err)
			}
			return target{}, nil
		},
		Leftovers: local.Leftovers,
	}
}

// target starts processes; it keeps nothing between them.
type target struct{}

// Deploy starts the server with the CPU set and in the cgroup that bound it,
// and waits until it is ready. Where no cgroup can be made the server runs
// without a memory limit, and a Fact says so.
func (target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	path, err := w.Executable()
	if err != nil {
		return nil, err
	}
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return start(ctx, w, path, port)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Close does nothing.
func (target) Close(context.Context) error { return nil }

// start makes one attempt on one port.
func start(ctx context.Context, w targets.Workload, path string, port int) (*targets.Deployment, error) {
	group, unlimited := local.NewLimited(w.Limits.Memory)
	server, err := local.Start(local.Command{
		Path: path, Args: w.Arguments(targets.Loopback, port), Env: w.Environment(targets.Loopback, port), Dir: w.Dir,
		CPUs: w.CPUSet, Cgroup: group, Tee: w.Output,
	})
	if err != nil {
		return nil, errors.Join(err, group.Close())
	}
	i := &instance{Process: server, group: group}
	i.Read = i.used
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    server.Began, Instance: i,
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: server.Began, Done: server.Done()}
	waited, err := probe.Wait(ctx)
	if err = server.Judge(err, server.PID(), port); err != nil {
		server.Kill()
		return nil, errors.Join(err, group.Close())
	}
	d.Stages = targets.Stages(server.Began, server.Started, waited)
	d.Facts = local.Applied(server.PID(), w, unlimited) // not while the start is timed
	return d, nil
}

// instance is a running server. Done and Err are the process's own.
type instance struct {
	*local.Process
	targets.Account
	group *local.Cgroup // nil: none
	once  sync.Once
	err   error // of Close
}

// used asks the cgroup, which counts ended children as well; without one, the
// process tree.
func (i *instance) used(context.Context) (record.Usage, error) {
	if i.group == nil {
		return local.TreeUsage(i.PID())
	}
	return i.group.Usage()
}

// Close ends the server and removes its cgroup.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = i.group.Close()
	})
	return i.err
}
