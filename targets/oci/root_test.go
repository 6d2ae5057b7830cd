package oci

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"servebench/targets"
	"servebench/targets/local"
)

func TestLeftoversOfTheDead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skipf("no process to end: %v", err)
	}
	gone := local.Self()
	gone.PID = cmd.Process.Pid
	left := filepath.Join(dir, folderPrefix+gone.String()+"-1")
	kept := []string{filepath.Join(dir, folderPrefix+local.Self().String()+"-2"), filepath.Join(dir, folderPrefix+"other"), filepath.Join(dir, "other")}
	for _, folder := range append(kept, left) {
		if err := os.MkdirAll(filepath.Join(folder, "rootfs"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := targets.Kind{Leftovers: Leftovers}.Sweep(t.Context())
	if want := []string{"folder " + left}; err != nil || !slices.Equal(removed, want) {
		t.Errorf("swept %q, %v, want %q", removed, err, want)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", left, err)
	}
	for _, folder := range kept {
		if _, err := os.Stat(folder); err != nil {
			t.Errorf("what is not abandoned is gone: %v", err)
		}
	}
}
