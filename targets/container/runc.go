package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/oci"
)

// onRunc deploys through runc or crun, without an engine.
func (t target) onRunc(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	runtime, err := oci.Ask(ctx, t.engine.runtime)
	if err != nil {
		return nil, err
	}
	facts := []record.Fact{runtimeFact(runtime), {Name: "network", Value: host}}
	began := time.Now()
	root, err := unpack(ctx, w, t.dir)
	if err != nil {
		return nil, explain(ctx, err)
	}
	took := time.Since(began)
	facts = append(facts, rootFacts(root, took)...)
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return startRunc(ctx, w, runtime, root, port)
	})
	if err != nil {
		return nil, errors.Join(err, root.Remove())
	}
	d.Facts, d.Preparation = append(facts, d.Facts...), took
	return d, nil
}

// runtimeFact says which engine it is.
func runtimeFact(runtime oci.Runtime) record.Fact {
	return record.Fact{Name: "engine", Value: runtime.Version + ", without a daemon"}
}

// unpack puts the workload's image into a folder below dir.
func unpack(ctx context.Context, w targets.Workload, dir string) (*oci.Root, error) {
	img, err := oci.Fetch(ctx, w)
	if err != nil {
		return nil, err
	}
	return oci.Unpack(ctx, img, dir)
}

// rootFacts say which image it is, and what putting it in place took.
func rootFacts(root *oci.Root, took time.Duration) []record.Fact {
	return []record.Fact{
		{Name: "image", Value: root.Digest},
		{Name: "image preparation", Value: fmt.Sprintf("unpacked in %s, before the start", took.Round(time.Millisecond))},
		{Name: "storage driver", Value: "none, a folder"},
		isolation(root.Program != "", "no seccomp profile"),
	}
}

// startRunc makes one attempt on one port.
func startRunc(ctx context.Context, w targets.Workload, runtime oci.Runtime, root *oci.Root, port int) (*targets.Deployment, error) {
	args, err := root.Arguments(w, targets.Loopback, port)
	if err != nil {
		return nil, err
	}
	group, unlimited := local.NewLimited(w.Limits.Memory)
	c, err := root.Start(runtime, oci.Command{
		Args: args, Env: root.Environment(w, targets.Loopback, port), CPUs: w.CPUSet, Memory: w.Limits.Memory, Cgroup: group, Output: w.Output,
	})
	if err != nil {
		return nil, err
	}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    c.Began, Instance: &runcInstance{Container: c, root: root},
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: c.Began, Done: c.Done()}
	waited, err := probe.Wait(ctx)
	pid, startedAt := c.PID(), c.Started
	if err == nil {
		if server, since, known := c.AwaitServer(); known {
			pid, startedAt = server, since
		}
	}
	if err = c.Judge(err, pid, port); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	d.Stages = targets.Stages(c.Began, earlier(startedAt, c.Began.Add(waited[0].At)), waited)
	d.Facts = local.Applied(pid, w, unlimited)
	return d, nil
}

// runcInstance is a container without an engine, the only one of its root
// folder. Done, Err and Usage are the container's own.
type runcInstance struct {
	*oci.Container
	root *oci.Root
	once sync.Once
	err  error // of Close
}

// Close stops the server and removes the container and the unpacked image.
func (i *runcInstance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = errors.Join(i.Remove(), i.root.Remove())
	})
	return i.err
}
