package local

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// schedule gives every thread of the test the policy, at the priority.
func schedule(t *testing.T, policy uintptr, priority int32) {
	t.Helper()
	err := EachThread(os.Getpid(), func(tid int) error {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, uintptr(tid), policy, uintptr(unsafe.Pointer(&priority))); errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		t.Skipf("no real-time priority can be had here (%v); run as root", err)
	}
}

// The policy is field 41 of /proc/PID/stat, see proc_pid_stat(5).
func TestAServerInheritsNoRealTimePriority(t *testing.T) {
	schedule(t, 2, 1)
	t.Cleanup(func() { schedule(t, 0, 0) })
	p := shell(t, "cut -d' ' -f41 /proc/self/stat", func(*Command) {})
	<-p.Done()
	if got := strings.TrimSpace(p.Output.Quote()); !strings.HasSuffix(got, "0") {
		t.Errorf("a process started from a thread with real-time priority says: %s, want policy 0", got)
	}
}

// A server may have as many connections as in a container, whatever the shell's limit.
func TestAServerMayOpenAllFiles(t *testing.T) {
	const inner = "TEST_OPEN_FILES"
	if os.Getenv(inner) == "" {
		cmd := exec.Command("sh", "-c", `ulimit -Sn 64 && exec "$0" -test.run '^TestAServerMayOpenAllFiles$' -test.v`, os.Args[0])
		cmd.Env = append(os.Environ(), inner+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	p := shell(t, `test "$(ulimit -Sn)" = "$(ulimit -Hn)"`, func(*Command) {})
	<-p.Done()
	if err := p.Ended(); !strings.HasPrefix(err.Error(), "exited with status 0") {
		t.Errorf("a server's limit of open files is not the largest: %v", err)
	}
}

// A server that goes into the background is refused with the reason, however far it goes.
func TestADaemonIsTold(t *testing.T) {
	group, err := NewCgroup()
	if err != nil {
		t.Logf("without a cgroup: %v", err)
	}
	defer group.Close()
	for name, tc := range map[string]struct {
		script, want string
		group        *Cgroup
	}{
		"in its session":            {"sleep 60 & exit 0", "exited with status 0 and left 1 process running in the background; start it in the foreground", nil},
		"in a session of its own":   {"setsid sleep 60 & sleep 0.2; exit 0", "exited with status 0 and left 1 process running in the background; start it in the foreground", group},
		"after a failure":           {"sleep 60 & exit 1", "exited with status 1; it wrote", nil},
		"with nothing that runs on": {"true & wait; exit 0", "exited with status 0; it wrote", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(tc.script, "setsid") && tc.group == nil {
				t.Skip("which processes belong to a server is known by its cgroup, and none can be made here; run as root")
			}
			p := shell(t, tc.script, func(c *Command) { c.Cgroup = tc.group })
			<-p.Done()
			if err := p.Ended(); !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("Ended() = %v, want %q", err, tc.want)
			}
		})
	}
}
