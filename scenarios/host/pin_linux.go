package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// CPUs returns the numbers of the CPUs that this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("read CPU affinity: %w", err)
	}
	cpus := make([]int, 0, set.Count())
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Pin keeps every thread of this process, and those it starts from now on, on
// the given CPUs, and GOMAXPROCS at their number. The function it returns takes
// that back.
func Pin(cpus []int) (restore func(), err error) {
	before, err := CPUs()
	if err != nil {
		return nil, err
	}
	if err := setAffinity(cpus); err != nil {
		return nil, fmt.Errorf("pin to CPUs %s: %w", List(cpus), err)
	}
	procs := runtime.GOMAXPROCS(len(cpus))
	return func() {
		_ = setAffinity(before) // it held before, so it can be had again
		runtime.GOMAXPROCS(procs)
	}, nil
}

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

func setPolicy(policy, priority uint32) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Priority: priority}
	return eachThread(func(tid int) error { return unix.SchedSetAttr(tid, &attr, 0) })
}

func setAffinity(cpus []int) error {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	return eachThread(func(tid int) error { return unix.SchedSetaffinity(tid, &set) })
}

// eachThread goes over the threads until a pass finds no new one, since a
// thread that was not reached yet may start another.
func eachThread(do func(tid int) error) error {
	reached := map[int]bool{}
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		found := false
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			if err != nil || reached[tid] {
				continue
			}
			found, reached[tid] = true, true
			if err := do(tid); err != nil && !errors.Is(err, unix.ESRCH) { // the thread ended
				return err
			}
		}
		if !found {
			return nil
		}
	}
}
