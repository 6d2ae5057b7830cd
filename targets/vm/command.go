package vm

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"servebench/targets"
	"servebench/targets/local"
)

// machineType is QEMU's q35 without the devices that it comes with. It has what
// the kernel measures the speed of the CPU's counter with (HPET, ACPI's timer);
// microvm has not, and an emulated guest of it falls back to a clock of 4 ms or
// hangs.
const machineType = "q35,smbus=off,sata=off,usb=off,vmport=off,i8042=off"

// tcgCache bounds what QEMU keeps of translated code, which counts as the
// target's memory. The default grows to a gigabyte.
const tcgCache = 128 * targets.MiB

// consoleFD is the descriptor that QEMU finds the guest's console at.
const consoleFD = 3

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
	return append(args,
		"-netdev", fmt.Sprintf("user,id=net,ipv6=off,hostfwd=tcp:%s-:%d", targets.Address(targets.Loopback, forward), port),
		"-device", "virtio-net-pci,netdev=net,romfile=")
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
// is the host's, in both accelerations, so nothing has to watch over it: under
// load the watch itself would be late, and the guest's clock turn slow.
func (m *machine) commandLine() string {
	words := []string{"console=ttyS0", "quiet", "reboot=t", "panic=-1", "tsc=nowatchdog", "8250.nr_uarts=1", "cryptomgr.notests"}
	if m.with.name == tcg {
		words = append(words, tickOnly)
	}
	return strings.Join(words, " ")
}

// tickOnly makes the kernel keep its timers by a regular tick instead of setting
// one for each. To set one is a few instructions on a CPU; emulated, it stops the
// guest until QEMU's other thread is through with it, and a server that waits for
// requests does so at every turn. On one CPU, a guest answered 160 to 350 requests
// a second one after the other without it, and 650 to 760 with it.
const tickOnly = "nohz=off highres=off"

// timersFact says what follows from tickOnly, where it applies.
func (m *machine) timersFact() []targets.Fact {
	if m.with.name != tcg {
		return nil
	}
	return []targets.Fact{{
		Name: "guest timers", Unequal: true,
		Value: "by the kernel's tick (" + tickOnly + "): a server that sleeps for less wakes at the next tick, usually 4 ms apart",
	}}
}

// command is how QEMU is started with its end of the console.
func (m *machine) command(forward int, console *os.File, group *local.Cgroup) local.Command {
	return local.Command{
		Path: m.qemu, Args: m.arguments(forward), Env: []string{"PATH=" + targets.SearchPath},
		Files: []*os.File{console}, CPUs: m.cpus, Cgroup: group,
	}
}
