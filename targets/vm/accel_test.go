package vm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/vm/kernel"
)

// pretending is a target whose emulator is another program.
func pretending(program string) *target {
	return &target{qemu: program, kernel: &kernel.Kernel{Path: "vmlinuz"}, guestinit: os.Args[0]}
}

// What this machine lacks says nothing about KVM.
func TestProbeThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone")
	for name, c := range map[string]struct{ folder, emulator, want string }{
		"no folder":   {gone, os.Args[0], gone},
		"no emulator": {dir, gone, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", c.folder)
			found, err := pretending(c.emulator).probe(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("probe = %+v, %v, want an error that says %q", found, err, c.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// An emulator that ends is an answer, for as long as the machine is up.
func TestProbeOfAnEmulatorThatEnds(t *testing.T) {
	program, err := exec.LookPath("false")
	if err != nil {
		t.Skipf("there is no program that fails: %v", err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	found, err := pretending(program).probe(t.Context())
	if err != nil || found.name != tcg || found.passing || !strings.Contains(found.reason, "status 1") {
		t.Errorf("probe = %+v, %v, want %s because of status 1", found, err, tcg)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
