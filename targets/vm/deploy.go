package vm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
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

// Close does nothing.
func (*target) Close(context.Context) error { return nil }

func (t *target) deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c, err := findContent(ctx, w)
	if err != nil {
		return nil, err
	}
	with, err := t.accelerate(ctx)
	if err != nil {
		return nil, err
	}
	m, err := t.prepare(w, c, with)
	if err != nil {
		return nil, err
	}
	facts, err := m.facts(ctx, t, c)
	if err != nil {
		return nil, errors.Join(err, m.remove())
	}
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return targets.Supervise(ctx, w, func(ctx context.Context) (*targets.Deployment, error) { return m.start(ctx, w, port) }, m.remove)
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
	way, err := i.ready(ctx, port, targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials, Began: d.Began, Done: i.Done()})
	if err != nil {
		return nil, errors.Join(i.explain(err, port), i.discard())
	}
	d.Stages = way.stages
	d.Facts = append(i.applied(w, way.started), bootFacts(way.booted.at.Sub(d.Began), way.listening.Clock)...)
	if way.shallow != nil {
		d.Facts = append(d.Facts, record.Fact{
			Name: "connection backlog", Unequal: true,
			Value: fmt.Sprintf("1: of many connections that are made at the same time QEMU loses some, whose requests are late or fail (%v)", way.shallow),
		})
	}
	return d, nil
}

// way is what happened on the way to a ready server.
type way struct {
	booted, started, listening happening
	stages                     []record.Stage
	shallow                    error // why QEMU lets no more than one connection wait; nil: it does
}

// ready waits until the server is ready. Connections tell nothing of it: QEMU
// accepts them from its start on. It lets one of them wait to be accepted, where a server
// lets thousands, and loses the others: forward is the port that is changed for.
func (i *instance) ready(ctx context.Context, forward int, probe targets.Probe) (way, error) {
	var w way
	var err error
	if w.booted, err = i.await(ctx, guest.Booted); err != nil {
		return way{}, err
	}
	w.shallow = local.DeepenBacklog(i.qemu.PID(), forward)
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
	w.stages = targets.Stages(probe.Began, w.started.at, []record.Stage{
		{Name: targets.Listening, At: w.listening.at.Sub(probe.Began)},
		{Name: targets.Ready, At: last},
	})
	return w, nil
}

// bootFacts say what the guest said about its boot. The CPU's counter, or KVM's
// clock, is one that a server reads as fast and as finely as on the machine; the
// counter is called tsc-early for the first second.
func bootFacts(took time.Duration, clock string) []record.Fact {
	return []record.Fact{
		{Name: "guest boot", Value: fmt.Sprintf("%s until its first process ran", took.Round(time.Millisecond))},
		{Name: "guest clock", Value: clock, Unequal: !slices.Contains([]string{"tsc", "tsc-early", "kvm-clock"}, clock)},
	}
}

// facts says what the machine is, as far as it is known before it runs.
func (m *machine) facts(ctx context.Context, t *target, c *content) ([]record.Fact, error) {
	facts, err := t.parts(ctx, m.with)
	if err != nil {
		return nil, err
	}
	facts = append(facts, record.Fact{Name: "network", Value: fmt.Sprintf("QEMU's user mode, a port of %s forwarded to %s:%d in the guest", targets.Loopback, everyAddress, m.port)})
	if c.disk == "" {
		facts = append(facts, record.Fact{Name: "image preparation", Value: fmt.Sprintf("initial file system of %.1f MiB written in %s, before the start", float64(m.size)/float64(targets.MiB), m.took.Round(time.Millisecond))})
	}
	return slices.Concat(facts, c.facts, m.timersFact()), nil
}

// parts says what guests are made of, and how their instructions run.
func (t *target) parts(ctx context.Context, with acceleration) ([]record.Fact, error) {
	version, err := qemuVersion(ctx, t.qemu)
	if err != nil {
		return nil, err
	}
	sum, err := t.kernel.Checksum()
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(machineType, ",")
	return []record.Fact{
		{Name: "engine", Value: version + ", machine " + kind},
		with.fact(),
		{Name: "kernel", Value: fmt.Sprintf("%s, %s (SHA-256 %s)", t.kernel.Version, t.kernel.Path, sum)},
	}, nil
}

// qemuVersion asks QEMU: "QEMU 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)".
func qemuVersion(ctx context.Context, path string) (string, error) {
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second // what it started, as a wrapper may, may hold its output open
	text, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return "", fmt.Errorf("ask %s for its version: %w", path, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.Replace(first, "QEMU emulator version", "QEMU", 1), nil
}

// applied says which limits are in force: QEMU's CPUs, read back from the kernel,
// and the server's memory limit, as the guest read it back from its own.
func (i *instance) applied(w targets.Workload, started happening) []record.Fact {
	limit := w.Limits.Memory
	memory := memoryFact(limit, i.machine.memory, targets.Bytes(started.Memory), started.Fault)
	w.Limits.Memory = 0 // QEMU itself has no limit
	facts := local.Applied(i.qemu.PID(), w, nil)
	n := i.machine.processors()
	for _, own := range []record.Fact{memory, {Name: record.FactVisibleCPUs, Value: fmt.Sprint(n), Count: n}} {
		facts[slices.IndexFunc(facts, func(f record.Fact) bool { return f.Name == own.Name })] = own
	}
	return append(facts,
		record.Fact{Name: "guest memory", Value: guestMemory(i.machine.memory, limit)})
}

// guestMemory says what the guest has and what for.
func guestMemory(all, limit targets.Bytes) string {
	if limit == 0 {
		return fmt.Sprintf("%s for the server and everything else", all)
	}
	return fmt.Sprintf("%s, of which %s are not the server's but for the guest's kernel and files", all, all-limit)
}

// memoryFact compares the memory limit asked for with the one in force. fault is
// why it could not be set, as the guest says. A guest's memory is a limit of its
// own where none is asked for.
func memoryFact(want, guest, got targets.Bytes, fault string) record.Fact {
	fact := record.Fact{Name: "memory limit", Value: want.String()}
	switch {
	case want == 0:
		fact.Value, fact.Unequal = fmt.Sprintf("none asked for; the guest's %s bound the server with everything else in it", guest), true
	case fault != "":
		fact.Value, fact.Unequal = fmt.Sprintf("%s, not enforced: %s", want, fault), true
	case got != roundDown(want):
		fact.Value, fact.Unequal = fmt.Sprintf("%s in force, asked for %s", got, want), true
	}
	return fact
}

// roundDown rounds as the kernel does, to whole pages.
func roundDown(b targets.Bytes) targets.Bytes {
	const page = 4 * targets.KiB
	return b / page * page
}
