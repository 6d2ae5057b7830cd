// Package vm runs the server in a virtual machine: QEMU with a stock Linux
// kernel and an initial file system that holds nothing but the server, the first
// process that runs it (package pid1) and the kernel's network modules. A
// scenario opens it through Kind.
//
// Way of a request: over loopback to QEMU, which holds the port from its start
// on, through QEMU's user-mode network and a virtio device into the guest.
//
// Way of everything else: two lines. The kernel writes to the guest's serial
// console, which is slow. The first process writes the server's output to a virtio
// port, some fifty times faster, and between it what it has to say: lines marked
// with a token (package guest). Until the port is there it says them on the console.
// The end of both is kept for error messages. QEMU accepts connections long before
// anybody listens in the guest, so the stages are the guest's word, stamped here as
// it arrives.
//
// Limits: QEMU with all its threads is pinned to the target's CPUs, and the
// guest has as many. The server is held to its memory limit by a cgroup in the
// guest, as it is by one of this machine on the other targets; the guest has
// memory on top of that for its kernel. Usage is that of QEMU, all that it
// emulates included.
//
// Acceleration: with KVM where a guest really boots with it, which is tried
// once and remembered until the machine starts again, else by emulation (TCG),
// several times slower than the machine: a Fact says so wherever the figures go.
package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/vm/kernel"
)

// The values of the option accel.
const (
	auto = "auto"
	kvm  = "kvm"
	tcg  = "tcg"
)

// everyAddress is where the server listens in the guest, which has only its
// own network.
const everyAddress = "0.0.0.0"

// Kind describes the target. guestinit returns the path of the guest's first
// process, the program cmd/guestinit.
func Kind(guestinit func() (string, error)) targets.Kind {
	return targets.Kind{
		Name:    "vm",
		Doc:     "The server in a QEMU virtual machine, with KVM or emulated.",
		Options: options(),
		Outside: true,
		Bundles: func(map[string]string) bool { return true },
		Check: func(_ context.Context, set map[string]string) error {
			if _, err := newTarget(targets.Config{Options: set}, guestinit); err != nil {
				if unavailable, ok := errors.AsType[*targets.Unavailable](err); ok {
					return unavailable
				}
			}
			return nil // Open says what is wrong with the options
		},
		Describe: func(ctx context.Context, set map[string]string) ([]record.Fact, error) {
			facts, err := describe(ctx, set, guestinit)
			if err != nil {
				return nil, fmt.Errorf("vm: %w", err)
			}
			return facts, nil
		},
		Open: func(cfg targets.Config) (targets.Target, error) {
			t, err := newTarget(cfg, guestinit)
			if err != nil {
				return nil, fmt.Errorf("vm: %w", err)
			}
			return t, nil
		},
		Leftovers: leftovers,
		Faults:    local.Faults(),
	}
}

// describe says what guests would be made of, and how they would run: with accel:
// auto, a guest that does nothing is booted to find out, unless one was.
func describe(ctx context.Context, set map[string]string, guestinit func() (string, error)) ([]record.Fact, error) {
	t, err := newTarget(targets.Config{Options: set}, guestinit)
	if err != nil {
		return nil, err
	}
	with, err := t.accelerate(ctx)
	if err != nil {
		return nil, err
	}
	return t.parts(ctx, with)
}

func options() []targets.Option {
	return []targets.Option{
		{
			Name: "kernel", Path: true,
			Doc: "The guest's kernel: the path of a bzImage, relative to the scenario file, with its modules in ../lib/modules. The default is this machine's kernel, if it can be read and has virtio, else the newest that `make setup` fetched.",
		},
		{
			Name: "accel", Default: auto, Values: []string{auto, kvm, tcg},
			Doc: "How the guest's instructions run: on the CPU (kvm) or emulated (tcg); auto takes KVM if a guest boots with it.",
		},
		{
			Name: "memory",
			Doc:  "The guest's memory if the scenario sets no memory limit; with one, the guest gets that limit plus what its kernel needs. The default is 512MiB, and for an image the size of its files on top of that, 4GiB in all at most.",
		},
	}
}

// settings are the options as read.
type settings struct {
	kernel, accel string
	memory        targets.Bytes // 0: as the server's files ask for
}

// readSettings reads the options.
func readSettings(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	var memory targets.Bytes
	if text := values["memory"]; text != "" {
		if memory, err = targets.ParseBytes(text); err != nil {
			return settings{}, &targets.OptionError{Option: "memory", Err: err}
		}
	}
	if memory < leastMemory && values["memory"] != "" {
		return settings{}, &targets.OptionError{Option: "memory", Err: fmt.Errorf("%s is too little for a guest: want at least %s", memory, leastMemory)}
	}
	return settings{kernel: values["kernel"], accel: values["accel"], memory: memory}, nil
}

// missing joins what a target lacks into one answer.
func missing(all ...*targets.Unavailable) error {
	var why, fix []string
	for _, u := range all {
		if u == nil {
			continue
		}
		why = append(why, u.Why)
		if u.Fix != "" {
			fix = append(fix, u.Fix)
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &targets.Unavailable{Why: strings.Join(why, ", and "), Fix: strings.Join(fix, " && ")}
}

// emulator is the program that runs the guest.
const emulator = "qemu-system-x86_64"

// kvmDevice is how a process reaches KVM.
const kvmDevice = "/dev/kvm"

// wanted are the modules that every guest needs; what they need comes along.
func wanted() []string { return []string{"virtio_pci", "virtio_net", "virtio_console"} }

// wantedForDisk are those that a guest with a disk needs on top.
func wantedForDisk() []string { return []string{"virtio_blk", "ext4", "overlay"} }

// target runs guests of one kernel, which have nothing in common but how their
// instructions run.
type target struct {
	settings
	dir       string // of Config
	cache     string
	qemu      string // paths
	guestinit string
	kernel    *kernel.Kernel
	modules   []kernel.Module
	known     atomic.Pointer[acceleration] // what accel: auto came to; nil: not asked yet
	measured  sync.Once
	counter   int // measureCounter's, once measured
}

// newTarget finds what guests are made of. Its error is an *Unavailable with all
// that is missing, or an option's mistake.
func newTarget(cfg targets.Config, guestinit func() (string, error)) (*target, error) {
	set, err := readSettings(cfg.Options)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return nil, &targets.Unavailable{Why: fmt.Sprintf("guests are x86-64 Linux and run servers of this machine, which is %s/%s", runtime.GOOS, runtime.GOARCH)}
	}
	t := &target{settings: set, dir: cfg.Dir}
	noQEMU := t.findQEMU()
	noInit := t.findInit(guestinit)
	noKernel, err := t.findKernel()
	if err != nil {
		return nil, err
	}
	return t, missing(noQEMU, noKernel, noInit, t.checkAccel())
}

func (t *target) findQEMU() *targets.Unavailable {
	path, err := exec.LookPath(emulator)
	if err != nil {
		return &targets.Unavailable{
			Why: emulator + " is not in PATH",
			Fix: targets.Install("--no-install-recommends qemu-system-x86 seabios", "qemu-system-x86"),
		}
	}
	t.qemu = path
	return nil
}

func (t *target) findInit(guestinit func() (string, error)) *targets.Unavailable {
	path, err := guestinit()
	if err != nil {
		return &targets.Unavailable{Why: "the guest's first process is not built: " + err.Error(), Fix: "make build"}
	}
	t.guestinit = path
	return nil
}

// findKernel finds the kernel that the option names, which is the user's mistake
// if it is none, or any other. It has to be the one whose checksum lies beside it.
func (t *target) findKernel() (*targets.Unavailable, error) {
	dir, err := targets.CacheDir("")
	if err != nil {
		return &targets.Unavailable{Why: err.Error(), Fix: "export SERVEBENCH_CACHE=/var/cache/servebench"}, nil
	}
	t.cache = dir
	if t.settings.kernel != "" {
		if err := t.readKernel(); err != nil {
			return nil, fmt.Errorf("option kernel: %w", err)
		}
		return nil, nil
	}
	if t.kernel, t.modules, err = kernel.Find(filepath.Join(dir, guestDir), wanted()); err != nil {
		return &targets.Unavailable{Why: err.Error(), Fix: "make setup"}, nil
	}
	if _, err := t.kernel.Checksum(); err != nil {
		// Setup leaves a folder alone that is there.
		root := filepath.Dir(filepath.Dir(t.kernel.Path))
		return &targets.Unavailable{Why: err.Error(), Fix: fmt.Sprintf("rm -r '%s' && make setup", root)}, nil
	}
	return nil, nil
}

// readKernel reads the kernel that the option names.
func (t *target) readKernel() error {
	var err error
	if t.kernel, err = kernel.Read(t.settings.kernel); err != nil {
		return err
	}
	if t.modules, err = t.kernel.Modules(wanted()...); err != nil {
		return err
	}
	_, err = t.kernel.Checksum()
	return err
}

// checkAccel reports that KVM is asked for and cannot be had.
func (t *target) checkAccel() *targets.Unavailable {
	if t.accel != kvm {
		return nil
	}
	if err := openKVM(); err != nil {
		return &targets.Unavailable{Why: fmt.Sprintf("option accel is %s, and there is no KVM: %v", kvm, err), Fix: "servebench run --set vm.accel=" + tcg}
	}
	return nil
}

// openKVM reports why KVM cannot be used; that it opens is no promise that it
// runs a guest.
func openKVM() error {
	f, err := os.OpenFile(kvmDevice, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
