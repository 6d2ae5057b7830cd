package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"servebench/targets/local"

	"golang.org/x/sys/unix"
)

// latencyRequest is where a process tells the kernel how long, in microseconds,
// a CPU may take to wake up (power management quality of service). The request
// holds while the file is open.
const latencyRequest = "/dev/cpu_dma_latency"

// Awake keeps CPUs out of their idle states.
type Awake struct {
	request *os.File         // nil: not made
	busy    []*local.Process // on one CPU each
	used    time.Duration
}

// KeepAwake keeps CPUs out of their idle states, from which they take tens of microseconds to
// wake up, and milliseconds where a hypervisor gave the idle CPU to another guest. It asks the
// kernel, which does so for the whole machine and needs root. In a guest whose kernel has no say
// in it, since the CPU halts, it keeps the given CPUs busy with processes that give way to all
// others; it fails there where the CPU time is limited, which they would use up.
func KeepAwake(cpus []int) (*Awake, error) {
	if !root().halts() {
		return requestLatency()
	}
	if local.HasQuota() {
		return nil, errors.New("keep CPUs awake: this virtual machine's kernel cannot, and the CPU time is limited")
	}
	a := new(Awake)
	for _, cpu := range cpus {
		if err := a.occupy(cpu); err != nil {
			return nil, errors.Join(fmt.Errorf("keep CPUs awake: %w", err), a.Close())
		}
	}
	return a, nil
}

func requestLatency() (*Awake, error) {
	file, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("keep CPUs awake: %w", err)
	}
	if err := binary.Write(file, binary.NativeEndian, int32(0)); err != nil {
		return nil, errors.Join(fmt.Errorf("keep CPUs awake: %w", err), file.Close())
	}
	return &Awake{request: file}, nil
}

// occupy starts a process that keeps a CPU busy.
func (a *Awake) occupy(cpu int) error {
	const shell = "/bin/sh"
	p, err := local.Start(local.Command{Path: shell, Args: []string{shell, "-c", "while :; do :; done"}, CPUs: []int{cpu}})
	if err != nil {
		return err
	}
	a.busy = append(a.busy, p)
	if err := unix.SchedSetAttr(p.PID(), &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0); err != nil {
		return fmt.Errorf("lower its priority: %w", err)
	}
	// Where the kernel weighs sessions instead of processes (CONFIG_SCHED_AUTOGROUP), the session's
	// weight counts, and the file is there.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", p.PID()), []byte("19"), 0)
	return nil
}

// Close takes it back.
func (a *Awake) Close() (err error) {
	if a.request != nil {
		err = a.request.Close()
	}
	for _, p := range a.busy {
		if used, unknown := local.TreeUsage(p.PID()); unknown == nil {
			a.used += used.CPU
		}
		p.Kill()
	}
	a.request, a.busy = nil, nil
	return err
}

// Used is the CPU time that it took to keep the CPUs busy; known after Close.
func (a *Awake) Used() time.Duration { return a.used }
