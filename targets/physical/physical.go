// Package physical runs the server as a child process on this machine: the
// target with nothing in between, which the other targets are compared with.
// It has the same CPU set, memory limit, GOMAXPROCS and environment as they
// have. A scenario opens it through Kind.
package physical

import (
	"context"
	"errors"
	"fmt"

	"servebench/targets"
)

// Kind describes the target. It can run anywhere.
func Kind() targets.Kind {
	return targets.Kind{
		Name:  "physical",
		Doc:   "The server as a process on this machine, with nothing in between.",
		Check: func(context.Context) error { return nil },
		Open: func(cfg targets.Config) (targets.Target, error) {
			if _, err := targets.Resolve(nil, cfg.Options); err != nil {
				return nil, fmt.Errorf("physical: %w", err)
			}
			return target{}, nil
		},
	}
}

// target starts processes; it keeps nothing between them.
type target struct{}

// Deploy starts the server with the CPU set and in the cgroup that bound it,
// and waits until it is ready. Where no cgroup can be made the server runs
// without a memory limit, and a Fact says so.
func (target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("deploy on physical: %w", context.Cause(ctx))
	}
	path, err := w.Executable()
	if err != nil {
		return nil, fmt.Errorf("deploy on physical: %w", err)
	}
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return start(ctx, w, path, port)
	})
	if err != nil {
		return nil, fmt.Errorf("deploy on physical: %w", err)
	}
	return d, nil
}

// start makes one attempt on one port.
func start(ctx context.Context, w targets.Workload, path string, port int) (*targets.Deployment, error) {
	group, unlimited := limit(w.Limits)
	process, err := targets.Start(targets.Command{
		Path: path, Args: w.Arguments(targets.Loopback, port), Env: w.Environment(targets.Loopback, port),
		CPUs: w.Limits.CPUs, Cgroup: group,
	})
	if err != nil {
		return nil, errors.Join(err, remove(group))
	}
	i := &instance{Process: process, group: group}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    process.Began, Instance: i,
		Facts: append(targets.Applied(process.PID(), w.Limits, unlimited), machine()),
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, Began: process.Began, Done: process.Done()}
	waited, err := probe.Wait(ctx)
	if err = i.judge(err, port); err != nil {
		process.Kill()
		return nil, errors.Join(err, remove(group))
	}
	d.Stages = targets.Stages(process.Began, process.Started, waited)
	return d, nil
}

// limit makes the cgroup that accounts for the server and bounds its memory.
// It returns nil where the host does not allow cgroups, and why no limit is set.
func limit(limits targets.Limits) (*targets.Cgroup, error) {
	group, err := targets.NewCgroup()
	if err != nil {
		return nil, err
	}
	if limits.Memory > 0 {
		err = group.LimitMemory(limits.Memory)
	}
	return group, err
}

// remove removes a cgroup, if there is one.
func remove(group *targets.Cgroup) error {
	if group == nil {
		return nil
	}
	return group.Close()
}

// judge explains why a start failed, given what waiting for it returned: it
// adds how the server ended or how its output ends, and recognises that
// another process has the port.
func (i *instance) judge(err error, port int) error {
	switch {
	case err == nil && !targets.Owns(targets.Descendants(i.PID()), port):
		return targets.ErrPortTaken
	case err == nil:
		return nil
	case !errors.Is(err, targets.ErrEnded):
		return fmt.Errorf("%w%s", err, i.Output.Quote())
	case targets.PortTaken(targets.Loopback, port):
		return fmt.Errorf("%w: it %w", targets.ErrPortTaken, i.Ended())
	}
	return fmt.Errorf("%w: it %w", err, i.Ended())
}
