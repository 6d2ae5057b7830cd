package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
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
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, explain(ctx, err)
	}
	root, err := oci.NewRoot(ctx, img, t.dir, nil)
	if err != nil {
		return nil, explain(ctx, err)
	}
	took := time.Since(began)
	facts = append(facts, imageFacts(img, fmt.Sprintf("put in place in %s, before the start", took.Round(time.Millisecond)), "no seccomp profile")...)
	d, err := local.OnPort(ctx, img.Port(w), func(port int) (*targets.Deployment, error) {
		return targets.Supervise(ctx, w, func(ctx context.Context) (*targets.Deployment, error) {
			return startRunc(ctx, w, runtime, img, root, port)
		}, root.Remove)
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

// startRunc makes one attempt on one port.
func startRunc(ctx context.Context, w targets.Workload, runtime oci.Runtime, img *image.Image, root *oci.Root, port int) (*targets.Deployment, error) {
	process, err := img.Process(ctx, w, targets.Loopback, port)
	if err != nil {
		return nil, err
	}
	group, unlimited := local.NewLimited(w.Limits)
	c, err := root.Start(runtime, oci.Command{
		Process: process, Writable: !img.Static, CPUs: w.CPUSet, Memory: w.Limits.Memory, Cgroup: group, Output: w.Output,
	})
	if err != nil {
		return nil, err
	}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    c.Began, Instance: &runcInstance{Container: c, port: port},
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: c.Began, Done: c.Done()}
	waited, err := probe.Wait(ctx)
	pid, startedAt := c.PID(), c.Started
	if err == nil {
		if server, since, known := c.AwaitServer(); known {
			pid, startedAt = server, since
		}
		select {
		case <-c.Done(): // the runtime ended it, though it was ready
			err = targets.ErrEnded
		default:
		}
	}
	if err = c.Judge(err, pid, port); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	d.Stages = targets.Stages(c.Began, earlier(startedAt, c.Began.Add(waited[0].At)), waited)
	d.Facts = append(local.Applied(pid, w, unlimited), c.RootFact())
	return d, nil
}

// runcInstance is a container without an engine. Done, Err and Usage are the container's
// own.
type runcInstance struct {
	*oci.Container
	port int
	once sync.Once
	err  error // of Close
}

// Inject implements targets.Injector.
func (i *runcInstance) Inject(_ context.Context, kind string) (targets.Injected, error) {
	pid, _, known := i.Server()
	if !known {
		return targets.Injected{}, errors.New("the runtime does not say which process the server is")
	}
	return local.Prey{Main: pid, Group: i.Cgroup(), Port: i.port}.Inject(kind)
}

// Close stops the server and removes the container.
func (i *runcInstance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = i.Remove()
	})
	return i.err
}
