package vm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"servebench/targets"
	"servebench/targets/vm/kernel"
)

// emulator is the program that runs the guest.
const emulator = "qemu-system-x86_64"

// kvmDevice is how a process reaches KVM.
const kvmDevice = "/dev/kvm"

// wanted are the modules that the guest needs; what they need comes along.
func wanted() []string { return []string{"virtio_pci", "virtio_net"} }

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
	dir, err := cacheDir()
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
