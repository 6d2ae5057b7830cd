package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"servebench/targets/process"

	"golang.org/x/sys/unix"
)

// Raise gives every thread of this process, and those it starts from now on,
// the lowest real-time priority, before which all ordinary processes stand back:
// what else runs on the generator's CPUs then does not delay its requests. The
// function it returns takes that back; call it before a process is started that
// shall not inherit the priority. Raise needs CAP_SYS_NICE.
func Raise() (restore func(), err error) {
	if err := setPolicy(unix.SCHED_RR, 1); err != nil {
		return nil, fmt.Errorf("raise priority: %w", err)
	}
	return func() { _ = setPolicy(unix.SCHED_NORMAL, 0) }, nil // giving up a priority is always allowed
}

func setPolicy(policy, priority uint32) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Priority: priority}
	return process.EachThread(os.Getpid(), func(tid int) error { return unix.SchedSetAttr(tid, &attr, 0) })
}

// latencyRequest is where a process tells the kernel how long, in microseconds,
// a CPU may take to wake up (power management quality of service). The request
// holds while the file is open.
const latencyRequest = "/dev/cpu_dma_latency"

// KeepAwake keeps the CPUs of the whole machine out of their idle states, from
// which they take tens of microseconds to wake up, and milliseconds where a
// hypervisor gave the idle CPU to another guest. The function it returns takes
// that back. KeepAwake needs to be root.
func KeepAwake() (restore func(), err error) {
	file, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("keep CPUs awake: %w", err)
	}
	if err := binary.Write(file, binary.NativeEndian, int32(0)); err != nil {
		return nil, errors.Join(fmt.Errorf("keep CPUs awake: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil // nothing was buffered
}
