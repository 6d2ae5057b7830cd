package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// spawn makes the process on the calling thread, which has to be locked.
func (p *Process) spawn(c Command) error {
	cmd := p.cmd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: c.Orphaned}
	if c.Orphaned == 0 {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if err := ordinaryThread(); err != nil {
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
	err := cmd.Start()
	p.Started = time.Now()
	return err
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
	return func() { _ = Pin(thread, before) }, Pin(thread, cpus)
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
