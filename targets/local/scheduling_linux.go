package local

import (
	"fmt"
	"syscall"
	"unsafe"
)

// ordinaryThread takes a real-time priority from the calling thread, which the
// load generator may have while it sends: a server must not inherit it, and a
// version 1 cgroup of the cpu controller takes no thread that has one. Threads
// come and go while the generator takes its priority back, so that one of them
// may keep it.
func ordinaryThread() error {
	const schedOther, schedFIFO, schedRR, schedDeadline = 0, 1, 2, 6 // linux/sched.h
	policy, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("read the scheduling policy: %w", errno)
	}
	if policy != schedFIFO && policy != schedRR && policy != schedDeadline {
		return nil
	}
	var priority int32
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, 0, schedOther, uintptr(unsafe.Pointer(&priority))); errno != 0 {
		return fmt.Errorf("take the real-time priority away: %w", errno)
	}
	return nil
}
