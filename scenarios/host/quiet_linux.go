package host

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"servebench/targets/local"

	"golang.org/x/sys/unix"
)

// Raise gives every thread of this process, and those it starts from now on,
// the lowest real-time priority, before which all ordinary processes stand back:
// what else runs on the generator's CPUs then does not delay its requests. The
// function it returns gives every thread back what it had, and a thread started
// meanwhile what the first one had; call it before a process is started that
// shall not inherit the priority. Raise needs CAP_SYS_NICE, and leaves nothing
// raised when it fails.
func Raise() (restore func() error, err error) {
	first, err := unix.SchedGetAttr(os.Getpid(), 0)
	if err != nil {
		return nil, fmt.Errorf("read priority: %w", err)
	}
	before := map[int]*unix.SchedAttr{}
	restore = func() error {
		return local.EachThread(os.Getpid(), func(tid int) error {
			return unix.SchedSetAttr(tid, cmp.Or(before[tid], first), 0)
		})
	}
	err = local.EachThread(os.Getpid(), func(tid int) error {
		attr, err := unix.SchedGetAttr(tid, 0)
		if err != nil {
			return err
		}
		before[tid] = attr
		return unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("raise priority: %w", err), restore())
	}
	return restore, nil
}

// latencyRequest is where a process tells the kernel how long, in microseconds,
// a CPU may take to wake up (power management quality of service). The request
// holds while the file is open.
const latencyRequest = "/dev/cpu_dma_latency"

// KeepAwake keeps the CPUs of the whole machine out of their idle states, from
// which they take tens of microseconds to wake up, and milliseconds where a
// hypervisor gave the idle CPU to another guest. The function it returns takes
// that back. KeepAwake needs to be root.
func KeepAwake() (restore func() error, err error) {
	file, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("keep CPUs awake: %w", err)
	}
	if err := binary.Write(file, binary.NativeEndian, int32(0)); err != nil {
		return nil, errors.Join(fmt.Errorf("keep CPUs awake: %w", err), file.Close())
	}
	return file.Close, nil
}
