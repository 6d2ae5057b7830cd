package vm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// pretended makes the test a process that waits to be killed.
const pretended = "TEST_PRETENDED_EMULATOR"

func TestFoldersOfTheDead(t *testing.T) {
	if os.Getenv(pretended) != "" {
		time.Sleep(time.Minute)
		t.Skip("nobody killed this process")
	}
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
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skipf("who runs what cannot be seen here, Linux shows it: %v", err)
	}
	running := pretend(t, emulator, left)
	others := []*exec.Cmd{pretend(t, "other", left), pretend(t, emulator, kept[0])}
	removed, err := targets.Kind{Leftovers: func(context.Context) ([]targets.Leftover, error) { return folders() }}.Sweep(t.Context())
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
	if err := running.Wait(); err == nil || running.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the emulator ended by itself: %v", running.ProcessState)
	}
	for _, other := range others {
		if err := other.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("%s is gone as well: %v", other, err)
		}
	}
}

// pretend runs this test once more under another name, with a file of the folder
// among its arguments, to be killed.
func pretend(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Args = []string{name, "-test.run=^TestFoldersOfTheDead$", filepath.Join(dir, "initramfs")}
	cmd.Env = append(os.Environ(), pretended+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		_ = cmd.Wait()         // killed
	})
	return cmd
}
