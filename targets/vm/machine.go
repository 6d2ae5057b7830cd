package vm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/vm/disk"
	"servebench/targets/vm/guest"
	"servebench/targets/vm/kernel"

	"github.com/shirou/gopsutil/v4/mem"
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
	// defaultMemory is what a guest has where neither the scenario nor the option says so,
	// and the size of its disk on top of that, so that what was read of it stays, up to
	// mostMemory.
	defaultMemory = 512 * targets.MiB
	mostMemory    = 4 * targets.GiB
)

// machine is a virtual machine that is ready to be started: a folder with its
// initial file system, and what QEMU is told about it.
type machine struct {
	qemu   string
	dir    string
	kernel *kernel.Kernel
	with   acceleration
	cpus   []int   // of this machine that it may run on; empty: any
	quota  float64 // the CPUs that QEMU's CPU time is bounded to; 0: by their number alone
	memory targets.Bytes
	// limited says that the server has a memory limit within the guest's memory.
	limited bool
	counter int    // how many thousand times a second the CPU's counter counts; 0: the kernel measures it
	token   string // marks its events
	disk    string // path of the root file system's; "": it has none
	port    int    // that the server listens on in the guest
	// took is how long it took to prepare, and size what was written.
	took time.Duration
	size targets.Bytes
}

// prepare makes the machine that runs the content within the workload's limits.
func (t *target) prepare(w targets.Workload, c *content, with acceleration) (*machine, error) {
	m := t.machine(with, w.CPUSet)
	m.quota = w.Limits.Quota()
	m.disk, m.port, m.limited = c.disk, c.server.Port, c.server.Memory > 0
	if err := m.fill(t, t.dir, c.server, c.files...); err != nil {
		return nil, err
	}
	m.took += c.took
	var err error
	if m.memory, err = t.measureMemory(w.Limits.Memory, m.size, c.size); err != nil {
		return nil, errors.Join(err, m.remove())
	}
	return m, nil
}

// measureMemory returns how much memory a guest gets for the server's limit, an initial file
// system of that size and a disk.
func (t *target) measureMemory(limit, initramfs, disk targets.Bytes) (targets.Bytes, error) {
	// The kernel unpacks the initial file system into memory before it lets go
	// of what it unpacked.
	own := roundUp(kernelMemory + 2*initramfs)
	memory, key := t.memory, "option memory"
	switch {
	case limit > 0:
		memory, key = own+limit, "limits.memory"
	case memory == 0:
		memory = min(defaultMemory+disk, mostMemory)
	}
	if memory < own {
		return 0, fmt.Errorf("option memory: %s is too little for this server: want more than the %s that the guest needs for itself", memory, own)
	}
	if there, err := mem.VirtualMemory(); err == nil && memory > targets.Bytes(there.Total) {
		return 0, fmt.Errorf("%s: the guest would have %s of memory, %s of it for itself, and this machine has %s: lower it", key, memory, own, roundUp(targets.Bytes(there.Total)))
	}
	return roundUp(memory), nil
}

// prepareProbe makes a machine that does nothing but boot.
func (t *target) prepareProbe(with acceleration) (*machine, error) {
	m := t.machine(with, nil)
	m.memory = leastMemory
	return m, m.fill(t, os.TempDir(), nil)
}

func (t *target) machine(with acceleration, cpus []int) *machine {
	m := &machine{qemu: t.qemu, kernel: t.kernel, with: with, cpus: cpus, token: fmt.Sprintf("%016x", rand.Uint64())}
	if with.name == tcg {
		t.measured.Do(func() { t.counter = measureCounter() })
		m.counter = t.counter
	}
	return m
}

// measureCounter measures how many thousand times a second the CPU's counter counts, which an
// emulated guest sees as it is.
func measureCounter() (kHz int) {
	const span = 50 * time.Millisecond
	read := func() (at time.Time, count uint64) {
		for least, tries := time.Hour, 10; tries > 0; tries-- { // this process may be stopped in between
			began := time.Now()
			now := counted()
			if took := time.Since(began); took < least {
				least, at, count = took, began.Add(took/2), now
			}
		}
		return at, count
	}
	from, first := read()
	time.Sleep(span)
	to, last := read()
	return int(math.Round(float64(last-first) / float64(to.Sub(from).Microseconds()) * 1000))
}

// fill makes the machine's folder in another one, and its initial file system.
func (m *machine) fill(t *target, dir string, server *guest.Server, more ...entry) error {
	began := time.Now()
	modules := t.modules
	spec := guest.Spec{Token: m.token, Server: server}
	if m.disk != "" {
		spec.Root = &guest.Root{Device: diskDevice, Kind: disk.Format}
		var err error
		if modules, err = t.kernel.Modules(slices.Concat(wanted(), wantedForDisk())...); err != nil {
			return fmt.Errorf("a guest with an image needs more of its kernel: %w", err)
		}
	}
	spec.Modules = modulePaths(modules)
	entries, err := systemFiles(spec, t.guestinit, modules)
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

// machineType is QEMU's q35 without the devices that it comes with. It has what
// the kernel measures the speed of the CPU's counter with (HPET, ACPI's timer);
// microvm has not, and an emulated guest of it falls back to a clock of 4 ms or
// hangs.
const machineType = "q35,smbus=off,sata=off,usb=off,vmport=off,i8042=off"

// tcgCache bounds what QEMU keeps of translated code, which counts as the
// target's memory. The default grows to a gigabyte.
const tcgCache = 128 * targets.MiB

// The descriptors that QEMU finds its ends of the guest's lines at.
const (
	consoleFD = 3 // the serial console, which the kernel writes to
	outputFD  = 4 // the virtio port, which the first process writes to
)

// arguments returns QEMU's argument vector. forward is the port of this machine
// that it hands on to the server; 0: the guest has no network.
func (m *machine) arguments(forward int) []string {
	args := []string{
		m.qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		"-machine", machineType,
		"-accel", m.accel(), "-cpu", m.cpu(), "-smp", strconv.Itoa(m.processors()),
		"-m", fmt.Sprintf("%dM", m.memory/targets.MiB),
		"-kernel", m.kernel.Path, "-initrd", m.initramfs(), "-append", m.commandLine(),
		"-chardev", fmt.Sprintf("socket,id=console,fd=%d", consoleFD),
		"-serial", "chardev:console",
	}
	if forward == 0 {
		return args
	}
	if m.disk != "" {
		args = append(args, "-blockdev", diskArgument(m.disk), "-device", "virtio-blk-pci,drive=root")
	}
	return append(args,
		// Port 0 is a virtio console, should there be one. With an ioeventfd, writes of the guest get stuck
		// now and then where the host's CPUs are busy (https://github.com/lmb/vimto/issues/29).
		"-device", "virtio-serial-pci,max_ports=2,ioeventfd=off",
		"-chardev", fmt.Sprintf("socket,id=output,fd=%d", outputFD),
		"-device", "virtserialport,nr=1,chardev=output",
		"-netdev", fmt.Sprintf("user,id=net,ipv6=off,hostfwd=tcp:%s-:%d", targets.Address(targets.Loopback, forward), m.port),
		"-device", "virtio-net-pci,netdev=net,romfile=")
}

// diskArgument describes the disk, which is the same file for all guests that have it.
func diskArgument(file string) string {
	// Marshal does not fail for it.
	text, _ := json.Marshal(map[string]any{
		"driver": "raw", "node-name": "root", "read-only": true,
		"file": map[string]any{"driver": "file", "filename": file, "read-only": true},
	})
	return string(text)
}

func (m *machine) accel() string {
	if m.with.name == kvm {
		return kvm
	}
	return fmt.Sprintf("%s,tb-size=%d", tcg, tcgCache/targets.MiB)
}

// cpu is the best that there is: the machine's own, or all that can be emulated.
func (m *machine) cpu() string {
	if m.with.name == kvm {
		return "host"
	}
	return "max"
}

// commandLine is the kernel's: see "The kernel's command-line parameters" in its
// documentation. Nothing in it takes a protection away. QEMU ends where the
// machine would start again, which a panic makes it do at once. The CPU's counter
// is the host's, in both accelerations, so it is the same on all of the guest's CPUs
// and nothing has to watch over it: under load the watch itself would be late, and a
// kernel that is not told takes the HPET on an emulated guest of several CPUs, which
// is slow to read.
func (m *machine) commandLine() string {
	words := []string{"console=ttyS0", "quiet", "reboot=t", "panic=-1", "tsc=reliable", "8250.nr_uarts=1", "cryptomgr.notests"}
	if m.with.name == tcg {
		words = append(words, noTimerCheck, tickOnly)
		if m.counter > 0 {
			words = append(words, fmt.Sprintf("tsc_early_khz=%d", m.counter))
		}
	}
	return strings.Join(words, " ")
}

// noTimerCheck has the kernel take it for granted that timer interrupts arrive, as it does by
// itself under KVM. Otherwise it wants to see four ticks within 60 ms. Where a busy machine stops QEMU
// for that long, it takes the timer for broken and tries others one after the other, until it
// panics. It is told the speed of the CPU's counter as well (tsc_early_khz), by which it keeps time: of
// 38 guests that measured it while QEMU got a fifth of a CPU or less, the clocks of three ran about three
// times too fast.
const noTimerCheck = "no_timer_check"

// tickOnly makes the kernel keep its timers by a regular tick instead of setting
// one for each. To set one is a few instructions on a CPU; emulated, it stops the
// guest until QEMU's other thread is through with it, and a server that waits for
// requests does so at every turn. On one CPU, a guest answered 160 to 350 requests
// a second one after the other without it, and 650 to 760 with it.
const tickOnly = "nohz=off highres=off"

// timersFact says what follows from tickOnly, where it applies.
func (m *machine) timersFact() []record.Fact {
	if m.with.name != tcg {
		return nil
	}
	return []record.Fact{{
		Name: "guest timers", Unequal: true,
		Value: "by the kernel's tick (" + tickOnly + "): a server that sleeps for less wakes at the next tick, usually 4 ms apart",
	}}
}

// command is how QEMU is started with its ends of the guest's lines.
func (m *machine) command(forward int, lines []*os.File, group *local.Cgroup) local.Command {
	return local.Command{
		Path: m.qemu, Args: m.arguments(forward), Env: []string{"PATH=" + targets.SearchPath},
		Files: lines, CPUs: m.cpus, Cgroup: group,
	}
}
