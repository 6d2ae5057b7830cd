package pid1

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"servebench/targets/vm/guest"
)

// What is left of the ended server's output is waited for and read within bounds, since
// a child of it may hold the pipe open and write on.
const (
	drainTime = 200 * time.Millisecond // for more of it to come
	drainMost = 64 << 10               // bytes, as many as the pipe holds
)

// rest is what is left in a pipe. Handing it on may take long.
type rest struct{ *os.File }

func (r rest) Read(p []byte) (int, error) {
	_ = r.SetReadDeadline(time.Now().Add(drainTime))
	return r.File.Read(p)
}

// run runs the server, and returns when it ended.
func run(c *console, s guest.Server) error {
	group, unlimited := newCgroup(cgroups)
	if group == "" {
		return unlimited
	}
	started := guest.Event{Name: guest.Started}
	if s.Memory > 0 && unlimited == nil {
		started.Memory, unlimited = group.limit(s.Memory)
	}
	if s.Memory > 0 && unlimited != nil {
		started.Fault = unlimited.Error()
	}
	pid, output, err := start(s, group)
	if err != nil {
		return err
	}
	c.say(started)
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(c, output) // ends when no process holds the other end
	}()
	go obey(os.Stdin, pid)
	go listen(c, s.Port)
	status := reap(pid)
	_ = output.SetReadDeadline(time.Now())
	<-copied
	_, _ = io.CopyN(c, rest{output}, drainMost)
	c.say(guest.Event{Name: guest.Ended, Status: uint32(status), OutOfMemory: group.outOfMemory()})
	return nil
}

// start makes the server's process, born in the cgroup and leading a session of
// its own, and returns the end of the pipe that its output comes from.
func start(s guest.Server, group cgroup) (int, *os.File, error) {
	fault := func(err error) (int, *os.File, error) { return 0, nil, fmt.Errorf("start %s: %w", s.Path, err) }
	dir, err := os.Open(string(group))
	if err != nil {
		return fault(err)
	}
	defer dir.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fault(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return fault(err)
	}
	defer w.Close()
	pid, err := syscall.ForkExec(s.Path, s.Args, &syscall.ProcAttr{
		Dir: "/", Env: s.Env, Files: []uintptr{null.Fd(), w.Fd(), w.Fd()},
		Sys: &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: int(dir.Fd())},
	})
	if err != nil {
		r.Close()
		return fault(err)
	}
	return pid, r, nil
}

// obey sends SIGTERM to the server when the host asks for it.
func obey(commands io.Reader, server int) {
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		if lines.Text() == guest.StopCommand {
			_ = syscall.Kill(server, syscall.SIGTERM) // it may have ended
		}
	}
}

// reap waits for every child, as a first process has to, until the server
// ended, and returns how it did.
func reap(server int) syscall.WaitStatus {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == nil && pid == server {
			return status
		}
	}
}
