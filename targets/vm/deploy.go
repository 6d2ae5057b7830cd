package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"servebench/targets"
	"servebench/targets/vm/guest"
)

// Deploy puts the initial file system in place, boots a guest with it and waits
// until the server in it is ready.
func (t *target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	d, err := t.deploy(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("deploy in a virtual machine: %w", err)
	}
	return d, nil
}

func (t *target) deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	executable, err := w.Executable()
	if err != nil {
		return nil, err
	}
	if err := checkStatic(executable); err != nil {
		return nil, err
	}
	with, err := t.accelerate(ctx)
	if err != nil {
		return nil, err
	}
	m, err := t.prepare(w, executable, with)
	if err != nil {
		return nil, err
	}
	facts, err := m.facts(ctx, t)
	if err != nil {
		return nil, errors.Join(err, m.remove())
	}
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return m.start(ctx, w, port)
	})
	if err != nil {
		if t.accel == kvm {
			err = fmt.Errorf("with KVM, as option accel asks for (%s takes it only where a guest boots with it): %w", auto, err)
		}
		return nil, errors.Join(err, m.remove())
	}
	d.Facts, d.Preparation = append(facts, d.Facts...), m.took
	return d, nil
}

// start makes one attempt on one port of this machine.
func (m *machine) start(ctx context.Context, w targets.Workload, port int) (*targets.Deployment, error) {
	i, err := m.boot(port, w.Output)
	if err != nil {
		return nil, err
	}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    i.qemu.Began, Instance: i,
	}
	way, err := i.ready(ctx, targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, Began: d.Began, Done: i.done})
	if err != nil {
		return nil, errors.Join(i.explain(err, port), i.discard())
	}
	d.Stages = way.stages
	d.Facts = append(i.applied(w, way.started), bootFacts(way.booted.at.Sub(d.Began), way.listening.Clock)...)
	return d, nil
}

// way is what happened on the way to a ready server.
type way struct {
	booted, started, listening happening
	stages                     []targets.Stage
}

// ready waits until the server is ready. Connections tell nothing of it: QEMU
// accepts them from its start on.
func (i *instance) ready(ctx context.Context, probe targets.Probe) (way, error) {
	var w way
	var err error
	if w.booted, err = i.await(ctx, guest.Booted); err != nil {
		return way{}, err
	}
	if w.started, err = i.await(ctx, guest.Started); err != nil {
		return way{}, err
	}
	if w.listening, err = i.await(ctx, guest.Listening); err != nil {
		return way{}, err
	}
	waited, err := probe.Wait(ctx)
	if err != nil {
		return way{}, err
	}
	last := waited[len(waited)-1].At
	w.stages = targets.Stages(probe.Began, w.started.at, []targets.Stage{
		{Name: targets.Listening, At: w.listening.at.Sub(probe.Began)},
		{Name: targets.Ready, At: last},
	})
	return w, nil
}

// bootFacts say what the guest said about its boot. The CPU's counter, or KVM's
// clock, is one that a server reads as fast and as finely as on the machine; the
// counter is called tsc-early for the first second.
func bootFacts(took time.Duration, clock string) []targets.Fact {
	return []targets.Fact{
		{Name: "guest boot", Value: fmt.Sprintf("%s until its first process ran", took.Round(time.Millisecond))},
		{Name: "guest clock", Value: clock, Unequal: !slices.Contains([]string{"tsc", "tsc-early", "kvm-clock"}, clock)},
	}
}
