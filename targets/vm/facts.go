package vm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// facts says what the machine is, as far as it is known before it runs.
func (m *machine) facts(ctx context.Context, t *target) ([]targets.Fact, error) {
	facts, err := t.parts(ctx, m.with)
	if err != nil {
		return nil, err
	}
	return append(append(facts,
		targets.Fact{Name: "network", Value: fmt.Sprintf("QEMU's user mode, a port of %s forwarded to %s:%d in the guest", targets.Loopback, everyAddress, port)},
		targets.Fact{Name: "image preparation", Value: fmt.Sprintf("initial file system of %.1f MiB written in %s, before the start", float64(m.size)/float64(targets.MiB), m.took.Round(time.Millisecond))},
	), m.timersFact()...), nil
}

// parts says what guests are made of, and how their instructions run.
func (t *target) parts(ctx context.Context, with acceleration) ([]targets.Fact, error) {
	version, err := qemuVersion(ctx, t.qemu)
	if err != nil {
		return nil, err
	}
	sum, err := t.kernel.Checksum()
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(machineType, ",")
	return []targets.Fact{
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
func (i *instance) applied(w targets.Workload, started happening) []targets.Fact {
	limit := w.Limits.Memory
	memory := memoryFact(limit, i.machine.memory, targets.Bytes(started.Memory), started.Fault)
	w.Limits.Memory = 0 // QEMU itself has no limit
	facts := local.Applied(i.qemu.PID(), w, nil)
	for n := range facts {
		if facts[n].Name == memory.Name {
			facts[n] = memory
		}
	}
	return append(facts,
		targets.Fact{Name: "guest CPUs", Value: fmt.Sprint(i.machine.processors())},
		targets.Fact{Name: "guest memory", Value: guestMemory(i.machine.memory, limit)})
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
func memoryFact(want, guest, got targets.Bytes, fault string) targets.Fact {
	fact := targets.Fact{Name: "memory limit", Value: want.String()}
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
