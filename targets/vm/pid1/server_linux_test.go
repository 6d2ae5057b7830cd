package pid1

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets/vm/guest"
)

// spawn starts a shell, as the guest starts the server but in no cgroup.
func spawn(t *testing.T, script string) int {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skipf("there is no shell to run: %v", err)
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Other children are waited for on the way.
func TestReap(t *testing.T) {
	spawn(t, "exit 1")
	if status := reap(spawn(t, "sleep 0.1; exit 7")); status.ExitStatus() != 7 {
		t.Errorf("status %v, want 7", status)
	}
	if status := reap(spawn(t, "kill -9 $$")); status.Signal() != syscall.SIGKILL {
		t.Errorf("status %v, want that of signal 9", status)
	}
}

func TestObey(t *testing.T) {
	terms := make(chan os.Signal, 4)
	signal.Notify(terms, syscall.SIGTERM)
	defer signal.Stop(terms)
	obey(strings.NewReader("noise\nsto\n"), os.Getpid())
	select {
	case <-terms:
		t.Fatal("SIGTERM though nobody asked for it")
	case <-time.After(20 * time.Millisecond):
	}
	obey(strings.NewReader("noise\n"+guest.StopCommand+"\n"), os.Getpid())
	<-terms
}

func TestRunOutsideOfAGuest(t *testing.T) {
	if err := Run(); err == nil || !strings.Contains(err.Error(), "no other use") {
		t.Errorf("Run as an ordinary process: %v", err)
	}
}

// A folder stands for the cgroup file system, which has its files from the
// beginning.
func TestCgroup(t *testing.T) {
	top := t.TempDir()
	if _, err := newCgroup(top); err == nil || !strings.Contains(err.Error(), "memory controller") {
		t.Errorf("error %v where there is no controller", err)
	}
	c := cgroup(filepath.Join(top, "server"))
	if _, err := c.limit(1 << 20); err == nil {
		t.Error("a limit is set where there is no controller")
	}
	for name, text := range map[string]string{"memory.max": "max\n", "memory.events": "low 0\noom 2\noom_kill 0\n"} {
		if err := os.WriteFile(c.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c.outOfMemory() {
		t.Error("out of memory though nothing was killed")
	}
	if got, err := c.limit(1048576); err != nil || got != 1048576 {
		t.Errorf("limit = %d, %v, want 1048576", got, err)
	}
	if err := os.WriteFile(c.file("memory.events"), []byte("oom 2\noom_kill 1\noom_group_kill 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !c.outOfMemory() {
		t.Error("not out of memory though something was killed")
	}
}
