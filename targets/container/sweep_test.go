package container

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"servebench/targets/process"

	"github.com/containerd/errdefs"
)

func TestSweepBundles(t *testing.T) {
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
	removed, err := sweepBundles(t.Context())
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
func TestSweepWithoutAnyEngine(t *testing.T) {
	nothing(t)
	if removed, err := sweepEngine(t.Context()); len(removed) > 0 || err != nil {
		t.Errorf("swept %q, %v", removed, err)
	}
}

func TestTally(t *testing.T) {
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		err    error
		listed int
		want   error
	}{
		"removed":                 {nil, 1, nil},
		"gone meanwhile":          {errdefs.ErrNotFound, 0, nil},
		"being removed meanwhile": {errdefs.ErrConflict.WithMessage("removal of container x is already in progress"), 0, nil},
		"in use":                  {errdefs.ErrConflict.WithMessage("image is in use"), 0, errdefs.ErrConflict},
		"fault":                   {fault, 0, fault},
	} {
		var all tally
		all.note(t.Context(), "thing", c.err)
		removed, err := all.result()
		if len(removed) != c.listed || (err == nil) != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v", name, removed, err)
		}
	}
}
