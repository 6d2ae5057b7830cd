package local

import (
	"os"
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
