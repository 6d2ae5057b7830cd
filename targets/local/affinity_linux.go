package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"servebench/targets"
)

// wordBits is the size of a word of the kernel's CPU mask.
const wordBits = 8 * int(unsafe.Sizeof(uintptr(0)))

// Pin sets the CPUs that a thread may run on; 0 is the calling thread. The
// threads and processes that it starts afterwards inherit them.
func Pin(thread int, cpus []int) error {
	if len(cpus) == 0 || slices.Min(cpus) < 0 {
		return fmt.Errorf("pin to CPUs %v: want at least one number, none negative", cpus)
	}
	mask := make([]uintptr, slices.Max(cpus)/wordBits+1)
	for _, cpu := range cpus {
		mask[cpu/wordBits] |= 1 << (cpu % wordBits)
	}
	size := uintptr(len(mask)) * unsafe.Sizeof(mask[0])
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), size, uintptr(unsafe.Pointer(&mask[0])))
	if errno == syscall.EINVAL {
		return fmt.Errorf("pin to CPUs %s: none of them is both there and allowed for this process", targets.FormatCPUs(cpus))
	}
	if errno != 0 {
		return fmt.Errorf("pin to CPUs %s: %w", targets.FormatCPUs(cpus), errno)
	}
	return nil
}

// PinProcess pins every thread of a running process.
func PinProcess(pid int, cpus []int) error {
	return EachThread(pid, func(thread int) error { return Pin(thread, cpus) })
}

// EachThread does something to every thread of a running process. It goes over
// the threads until there is no new one, which a thread not yet reached may have
// started. A thread that has ended meanwhile is no error.
func EachThread(pid int, do func(thread int) error) error {
	reached := map[int]bool{}
	for {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		if err != nil {
			return err
		}
		before := len(reached)
		for _, task := range tasks {
			thread, err := strconv.Atoi(filepath.Base(task))
			if err != nil || reached[thread] {
				continue
			}
			if err := do(thread); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("process %d: %w", pid, err)
			}
			reached[thread] = true
		}
		if len(reached) == before {
			return nil
		}
	}
}

// Pinned returns the CPUs that a process may run on.
func Pinned(pid int) ([]int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil, fmt.Errorf("read the CPU set: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return targets.ParseCPUs(list)
		}
	}
	return nil, fmt.Errorf("read the CPU set: /proc/%d/status does not say it", pid)
}
