package local

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// errLinux is why limits are not applied on this system: a server still runs,
// and its facts say so.
var errLinux = errors.New("CPU sets, cgroups and /proc are Linux's")

// Cgroup stands for Linux's control groups; there are none here.
type Cgroup struct{}

// NewLimited fails: there are no cgroups here.
func NewLimited(targets.Limits) (*Cgroup, error) { return nil, errLinux }

// NewCgroup fails: there are no cgroups here.
func NewCgroup() (*Cgroup, error) { return nil, errLinux }

// OpenCgroup fails: there are no cgroups here.
func OpenCgroup(string) (*Cgroup, error) { return nil, errLinux }

// Child fails: there are no cgroups here.
func (*Cgroup) Child(string) (*Cgroup, error) { return nil, errLinux }

// LimitMemory fails: there are no cgroups here.
func (*Cgroup) LimitMemory(targets.Bytes) error { return errLinux }

// LimitCPU fails: there are no cgroups here.
func (*Cgroup) LimitCPU(float64, time.Duration) error { return errLinux }

// Yield fails: there are no cgroups here.
func (*Cgroup) Yield(bool) error { return errLinux }

// Freeze fails: there are no cgroups here.
func (*Cgroup) Freeze() error { return errLinux }

// Thaw fails: there are no cgroups here.
func (*Cgroup) Thaw() error { return errLinux }

// Kill does nothing.
func (*Cgroup) Kill() {}

// FindCgroup fails: there are no cgroups here.
func FindCgroup(int) (*Cgroup, error) { return nil, errLinux }

// Leftovers finds WorkFolders alone: there are no cgroups here.
func Leftovers(context.Context) ([]targets.Leftover, error) { return abandonedWork() }

// Network stands for Linux's network namespaces; there are none here.
type Network struct{}

// NewNetwork fails: there are no network namespaces here.
func NewNetwork() (*Network, error) { return nil, errLinux }

// Do calls do.
func (*Network) Do(do func() error) error { return do() }

// Close does nothing.
func (*Network) Close() error { return nil }

// Self is this process as a maker, by its id alone.
func Self() Maker { return Maker{PID: os.Getpid()} }

// gone reports whether the process ended for certain: none has its id.
func (m Maker) gone() bool { return errors.Is(syscall.Kill(m.PID, 0), syscall.ESRCH) }

// Of is always false.
func (*Cgroup) Of(string) bool { return false }

// Path is empty.
func (*Cgroup) Path() string { return "" }

// Spent fails: there are no cgroups here.
func (*Cgroup) Spent() (record.Usage, error) { return record.Usage{}, errLinux }

// Usage fails: there are no cgroups here.
func (*Cgroup) Usage() (record.Usage, error) { return record.Usage{}, errLinux }

// Processes fails: there are no cgroups here.
func (*Cgroup) Processes() ([]int, error) { return nil, errLinux }

// Peak fails: there are no cgroups here.
func (*Cgroup) Peak() (targets.Bytes, error) { return 0, errLinux }

// Peak is not known: it needs /proc.
func Peak(...int) targets.Bytes { return 0 }

// OutOfMemory is never known.
func (*Cgroup) OutOfMemory() bool { return false }

// Close does nothing.
func (*Cgroup) Close() error { return nil }

// PinProcess fails: this system has no CPU sets.
func PinProcess(int, []int) error { return errLinux }

// EachThread fails: it needs /proc.
func EachThread(int, func(thread int) error) error { return errLinux }

// Pinned fails: this system has no CPU sets.
func Pinned(int) ([]int, error) { return nil, errLinux }

// Applied says that the limits asked for are not in force.
func Applied(_ int, w targets.Workload, _ error) []record.Fact {
	return []record.Fact{
		{Name: "CPUs", Value: "not pinned: " + errLinux.Error(), Unequal: len(w.CPUSet) > 0},
		{Name: record.FactVisibleCPUs, Value: strconv.Itoa(runtime.NumCPU()), Count: runtime.NumCPU()},
		{Name: "memory limit", Value: "none: " + errLinux.Error(), Unequal: w.Limits.Memory > 0},
		processorsFact(w.Limits),
	}
}

// DeepenBacklog fails: a process of Linux alone gives others its sockets.
func DeepenBacklog(int, int) error { return errLinux }

// Owns is always true: it cannot be told here.
func Owns([]int, int) bool { return true }

// Holds is always true: it is not known here.
func Holds([]int, netip.AddrPort, netip.AddrPort) bool { return true }

// Ports are not known here.
func Ports([]int) []int { return nil }

// holder is not known here.
func holder(int) string { return "" }

// CommandName is not known here.
func CommandName(int) string { return "" }

// Descendants returns the process alone.
func Descendants(pid int) []int { return []int{pid} }

// runs is never true: it cannot be seen here.
func runs(int) bool { return false }

// HasQuota is false: there are no cgroups here.
func HasQuota() bool { return false }

// TreeUsage fails: it needs /proc.
func TreeUsage(int) (record.Usage, error) { return record.Usage{}, errLinux }

// ProcessUsage is empty: it needs /proc.
func ProcessUsage(...int) record.Usage { return record.Usage{} }

// Parent fails: it needs /proc.
func Parent(int) (int, error) { return 0, errLinux }

// CheckRoot says that no process can have a Root here.
func CheckRoot() *targets.Unavailable {
	return &targets.Unavailable{Why: "a process can be given a root folder on Linux alone"}
}

// spawn makes the process. It is not pinned, and outlives a killed parent.
func (p *Process) spawn(c Command) error {
	if c.Root != nil {
		return CheckRoot()
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.User}
	p.Began = time.Now()
	err := p.cmd.Start()
	p.Started = time.Now()
	return err
}

// exists reports whether the command's program is there, after it could not be run.
func (c Command) exists() bool {
	_, err := os.Stat(c.Path)
	return err == nil
}

// onMainThread is always false: no thread is changed here.
func onMainThread() bool { return false }

// unread is not asked for here: Flush does not wait.
func unread(int) int { return 0 }

// awaitEnd waits for a child to end and leaves it a zombie.
func awaitEnd(pid int) {
	queue, err := syscall.Kqueue()
	if err != nil {
		return
	}
	defer syscall.Close(queue)
	exit := make([]syscall.Kevent_t, 1)
	syscall.SetKevent(&exit[0], pid, syscall.EVFILT_PROC, syscall.EV_ADD)
	exit[0].Fflags = syscall.NOTE_EXIT
	for {
		_, err := syscall.Kevent(queue, exit, make([]syscall.Kevent_t, 1), nil)
		if err != syscall.EINTR { // it ended, or had ended before
			return
		}
	}
}

// SearchCgroup finds none: there are no cgroups here.
func SearchCgroup(...string) *Cgroup { return nil }

// Pin fails: there are no cgroups here.
func (*Cgroup) Pin([]int) error { return errLinux }
