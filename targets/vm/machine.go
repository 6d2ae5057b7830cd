package vm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/vm/guest"
	"servebench/targets/vm/kernel"
)

// folderPrefix begins the name of every machine's folder; its local.Maker
// follows.
const folderPrefix = "servebench-vm-"

// The memory of a guest.
const (
	// kernelMemory is what the kernel and the first process hold of it, with
	// room to spare, the initial file system apart.
	kernelMemory = 96 * targets.MiB
	// leastMemory is the least that a guest can have to do anything.
	leastMemory = 2 * kernelMemory
)

// machine is a virtual machine that is ready to be started: a folder with its
// initial file system, and what QEMU is told about it.
type machine struct {
	qemu   string
	dir    string
	kernel *kernel.Kernel
	with   acceleration
	cpus   []int // of this machine that it may run on; empty: any
	memory targets.Bytes
	token  string // marks its events
	// took is how long it took to prepare, and size what was written.
	took time.Duration
	size targets.Bytes
}

// prepare makes the machine that runs the workload's executable.
func (t *target) prepare(w targets.Workload, executable string, with acceleration) (*machine, error) {
	m := t.machine(with, w.CPUSet)
	server := describeServer(w, executable)
	if err := m.fill(t, t.dir, server, entry{path: server.Path, mode: 0o755, file: executable}); err != nil {
		return nil, err
	}
	// The kernel unpacks the initial file system into memory before it lets go
	// of what it unpacked.
	own := kernelMemory + 2*m.size
	m.memory = t.memory
	if limit := w.Limits.Memory; limit > 0 {
		m.memory = own + limit
	}
	if m.memory < own {
		return nil, errors.Join(fmt.Errorf("option memory: %s is too little for this server: want more than the %s that the guest needs for itself", m.memory, roundUp(own)), m.remove())
	}
	m.memory = roundUp(m.memory)
	return m, nil
}

// prepareProbe makes a machine that does nothing but boot.
func (t *target) prepareProbe(with acceleration) (*machine, error) {
	m := t.machine(with, nil)
	m.memory = leastMemory
	return m, m.fill(t, os.TempDir(), nil)
}

func (t *target) machine(with acceleration, cpus []int) *machine {
	return &machine{qemu: t.qemu, kernel: t.kernel, with: with, cpus: cpus, token: fmt.Sprintf("%016x", rand.Uint64())}
}

// fill makes the machine's folder in another one, and its initial file system.
func (m *machine) fill(t *target, dir string, server *guest.Server, more ...entry) error {
	began := time.Now()
	spec := guest.Spec{Token: m.token, Modules: modulePaths(t.modules), Server: server}
	entries, err := content(spec, t.guestinit, t.modules)
	if err != nil {
		return err
	}
	if m.dir, err = os.MkdirTemp(dir, folderPrefix+local.Self().String()+"-"); err != nil {
		return fmt.Errorf("write the guest's initial file system: %w", err)
	}
	if m.size, err = writeFile(m.initramfs(), append(entries, more...)); err != nil {
		return errors.Join(err, m.remove())
	}
	m.took = time.Since(began)
	return nil
}

func (m *machine) initramfs() string { return filepath.Join(m.dir, "initramfs") }
func (m *machine) remove() error     { return os.RemoveAll(m.dir) }

// processors is how many CPUs the guest has: as many as it may run on.
func (m *machine) processors() int {
	if len(m.cpus) > 0 {
		return len(m.cpus)
	}
	return runtime.NumCPU()
}

// roundUp rounds to whole MiB, which QEMU counts memory in.
func roundUp(b targets.Bytes) targets.Bytes {
	return (b + targets.MiB - 1) / targets.MiB * targets.MiB
}
