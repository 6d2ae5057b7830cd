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
	"time"
	"unsafe"

	"servebench/targets"
)

// spawn makes the process on the calling thread, which has to be locked.
func (p *Process) spawn(c Command) error {
	cmd := p.cmd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: c.Orphaned, Credential: c.User}
	if c.Orphaned == 0 {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if err := errors.Join(ordinaryThread(), moreOpenFiles()); err != nil {
		return err
	}
	if c.Cgroup != nil {
		leave, err := c.Cgroup.enter(cmd.SysProcAttr)
		if err != nil {
			return err
		}
		defer leave()
	}
	if len(c.CPUs) > 0 {
		back, err := pinThread(c.CPUs)
		if err != nil {
			return err
		}
		defer back()
	}
	p.Began = time.Now()
	if err := c.Network.enter(); err != nil {
		return err
	}
	if c.Root != nil {
		if err := p.enterRoot(c); err != nil {
			return err
		}
	}
	err := cmd.Start()
	p.Started = time.Now()
	return err
}

// enterRoot gives the calling thread, and with it the process, its root.
func (p *Process) enterRoot(c Command) error {
	var err error
	if p.inMemory, err = c.Root.mount(); err != nil || !c.Root.Enter {
		return err
	}
	p.cmd.SysProcAttr.Chroot, p.cmd.Dir = c.Root.Mount, filepath.Join("/", c.Dir)
	return nil
}

// exists reports whether the command's program is there, after it could not be run.
func (c Command) exists() bool {
	if c.Root == nil || !c.Root.Enter {
		_, err := os.Stat(c.Path)
		return err == nil
	}
	file := c.Path
	if !filepath.IsAbs(file) {
		file = filepath.Join("/", c.Dir, file)
	}
	return c.Root.inside(func() error {
		_, err := os.Stat(file)
		return err
	}) == nil
}

// pinThread pins the calling thread and returns what undoes it. It has to be
// undone: the thread may be the main one, whose CPU set the world takes for
// this process's.
func pinThread(cpus []int) (back func(), err error) {
	thread := syscall.Gettid()
	before, err := Pinned(thread)
	if err != nil {
		return nil, err
	}
	return func() { _ = pin(thread, before) }, pin(thread, cpus)
}

// awaitEnd waits for a child to end and leaves it a zombie.
func awaitEnd(pid int) {
	const (
		idIsPID = 1         // P_PID
		options = 0x1000004 // WNOWAIT | WEXITED
	)
	var info [128]byte // siginfo_t
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, idIsPID, uintptr(pid), uintptr(unsafe.Pointer(&info)), options, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// enter makes the next process that the calling thread starts be born in the
// cgroup: version 2 takes the cgroup with the clone call, in version 1 the
// thread itself goes there until leave is called.
func (c *Cgroup) enter(attr *syscall.SysProcAttr) (leave func(), err error) {
	var undo []func()
	leave = func() {
		for _, f := range undo {
			f()
		}
	}
	for _, f := range c.folders() {
		var back func()
		if f.version == 2 {
			back, err = f.bear(attr)
		} else {
			back, err = f.move()
		}
		if err != nil {
			leave()
			return nil, fmt.Errorf("enter the cgroup: %w", err)
		}
		undo = append(undo, back)
	}
	return leave, nil
}

// bear opens a version 2 cgroup for the clone call.
func (f folder) bear(attr *syscall.SysProcAttr) (func(), error) {
	dir, err := os.Open(f.dir)
	if err != nil {
		return nil, err
	}
	attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
	return func() { dir.Close() }, nil
}

// move moves the calling thread into a version 1 cgroup and returns what moves
// it back. Should that fail, the thread still leaves when it ends.
func (f folder) move() (func(), error) {
	thread := strconv.Itoa(syscall.Gettid())
	old, err := f.membership(filepath.Join(strconv.Itoa(os.Getpid()), "task", thread))
	if err != nil {
		return nil, err
	}
	if err := f.write("tasks", thread); err != nil {
		return nil, err
	}
	return func() { _ = folder{f.hierarchy, old}.write("tasks", thread) }, nil
}

// wordBits is the size of a word of the kernel's CPU mask.
const wordBits = 8 * int(unsafe.Sizeof(uintptr(0)))

// pin sets the CPUs that a thread may run on; 0 is the calling thread. The
// threads and processes that it starts afterwards inherit them.
func pin(thread int, cpus []int) error {
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
	return EachThread(pid, func(thread int) error { return pin(thread, cpus) })
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

// moreOpenFiles lets the processes that this one starts have as many files open,
// connections among them, as it may allow them, as container engines do. A shell's limit is
// often 1024, which Go raises for this process alone unless it is set.
func moreOpenFiles() error {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err == nil {
		limit.Cur = limit.Max
		err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	return nil
}

// unread is the number of bytes that a pipe holds; 0 when it is not known.
func unread(fd int) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return 0
	}
	return int(n)
}
