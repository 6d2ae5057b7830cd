package vm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest"
	"servebench/targets/vm"
)

// refuse deploys a server on the target, which has to fail within the deadline
// with an error that says all the words, and to leave nothing.
func refuse(t *testing.T, kind targets.Kind, options map[string]string, deadline time.Duration, words ...string) error {
	t.Helper()
	if err := kind.Check(t.Context(), options); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	dir := t.TempDir()
	target, err := kind.Open(targets.Config{Options: options, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	server := targettest.Build(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	d, err := target.Deploy(ctx, targets.Workload{Command: []string{server}, Ready: "/ready"})
	if err == nil {
		t.Fatalf("Deploy succeeded: %v", d.Close(t.Context()))
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %v\ndoes not say %q", err, word)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return err
}

// emulated keeps the probe of KVM out of a test that is not about it.
func emulated(more ...string) map[string]string {
	options := map[string]string{"accel": "tcg"}
	for n := 0; n+1 < len(more); n += 2 {
		options[more[n]] = more[n+1]
	}
	return options
}

// A kernel that cannot run its first process panics.
func TestGuestThatPanics(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "init")
	if err := os.WriteFile(broken, []byte("this is no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	kind := vm.Kind(func() (string, error) { return broken, nil })
	refuse(t, kind, emulated(), time.Minute, "the guest's kernel gave up", "Kernel panic - not syncing", "console ends")
}

// The first process reports what fails before the server runs.
func TestGuestWithoutANetworkDevice(t *testing.T) {
	path := kernelWithoutModules(t)
	refuse(t, kind(t), emulated("kernel", path), time.Minute, "the guest failed", "no network device", "virtio_net")
}

// A kernel that was cut off restarts the guest without a word.
func TestGuestOfHalfAKernel(t *testing.T) {
	path := kernelWithoutModules(t)
	if err := os.Truncate(path, 2<<20); err != nil {
		t.Fatal(err)
	}
	refuse(t, kind(t), emulated("kernel", path), time.Minute, "the guest's kernel, "+path, "ended before the first process ran", "whole")
}

// kernelWithoutModules copies a kernel away from its modules.
func kernelWithoutModules(t *testing.T) string {
	t.Helper()
	cache := userCache(t)
	found, err := filepath.Glob(filepath.Join(cache, "guest", "*", "boot", "vmlinuz-*"))
	if err != nil || len(found) == 0 {
		t.Skipf("there is no guest's kernel in %s; `make setup` fetches one", cache)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "boot")
	path := filepath.Join(dir, "vmlinuz")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Fatal(err)
	}
	return path
}

// A kernel that is not the one that was fetched is not booted.
func TestKernelThatWasChanged(t *testing.T) {
	path := kernelWithoutModules(t)
	kind := kind(t)
	if err := kind.Check(t.Context(), emulated("kernel", path)); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	other := strings.Repeat("0", 64)
	list := filepath.Join(filepath.Dir(path), "SHA256SUMS")
	if err := os.WriteFile(list, []byte(other+"  "+filepath.Base(path)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := kind.Open(targets.Config{Options: emulated("kernel", path), Dir: t.TempDir()})
	for _, word := range []string{"option kernel", path, list, other} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v does not say %q", err, word)
		}
	}
}

// What has the header of a kernel and then nothing but a jump to itself never
// comes up.
func TestGuestThatNeverComesUp(t *testing.T) {
	image := make([]byte, 64*1024)
	const setupSectors, version = 4, 0x400
	image[0x1f1] = setupSectors
	binary.LittleEndian.PutUint16(image[0x1fe:], 0xaa55)
	copy(image[0x200:], "\xeb\xfeHdrS") // jmp $, where the set-up code is entered
	binary.LittleEndian.PutUint16(image[0x206:], 0x020c)
	binary.LittleEndian.PutUint16(image[0x20e:], version-0x200)
	image[0x211] = 1                                         // it is loaded high
	binary.LittleEndian.PutUint32(image[0x22c:], 0x7fffffff) // as is what it starts with
	copy(image[version:], "6.1-idle\x00")
	path := filepath.Join(t.TempDir(), "vmlinuz")
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	err := refuse(t, kind(t), emulated("kernel", path), 3*time.Second, "waiting for the guest to boot", "console")
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v is not the context's", err)
	}
}

// QEMU has the last word where it cannot run the guest at all.
func TestEmulatorThatFails(t *testing.T) {
	if err := vm.Kind(func() (string, error) { return os.Args[0], nil }).Check(t.Context(), emulated()); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	dir := t.TempDir()
	fake := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo QEMU emulator version 0; exit; fi\necho out of everything >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("there is no shell to run: %v", err)
	}
	first := kind(t) // built while the path is whole
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	refuse(t, first, emulated(), time.Minute, "status 1", "out of everything")
}
