package container

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"servebench/targets"
	"servebench/targets/process"

	"github.com/containerd/errdefs"
)

func TestBundlesOfTheDead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skipf("no process to end: %v", err)
	}
	gone := process.Self()
	gone.PID = cmd.Process.Pid
	left := filepath.Join(dir, bundlePrefix+gone.String()+"-1")
	kept := []string{filepath.Join(dir, bundlePrefix+process.Self().String()+"-2"), filepath.Join(dir, bundlePrefix+"other"), filepath.Join(dir, "other")}
	for _, folder := range append(kept, left) {
		if err := os.MkdirAll(filepath.Join(folder, "rootfs"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := targets.Kind{Leftovers: bundles}.Sweep(t.Context())
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

// Where there is no engine, nothing of it can be left.
func TestNothingIsLeftWithoutAnyEngine(t *testing.T) {
	nothing(t)
	if found, err := inEngine(t.Context()); len(found) > 0 || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestGone(t *testing.T) {
	fault := errors.New("fault")
	for name, c := range map[string]struct{ err, want error }{
		"removed":                 {nil, nil},
		"gone meanwhile":          {errdefs.ErrNotFound, targets.ErrGone},
		"being removed meanwhile": {errdefs.ErrConflict.WithMessage("removal of container x is already in progress"), targets.ErrGone},
		"in use":                  {errdefs.ErrConflict.WithMessage("image is in use"), errdefs.ErrConflict},
		"fault":                   {fault, fault},
	} {
		if err := gone(t.Context(), c.err); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
