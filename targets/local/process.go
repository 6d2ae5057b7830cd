// Package local starts and watches servers as child processes of this
// machine: pinned to their CPUs and within their limits from the first
// instruction, their usage counted with all their descendants, and ended with
// everything they started. The targets that run processes here are built on it;
// it stands beside them, above package targets.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// Grace is how long a server has to end after SIGTERM before it gets SIGKILL,
// the same on every target.
const Grace = 5 * time.Second

// drainTime bounds the wait for the rest of an ended process's output, which
// a process that left its session may hold open.
const drainTime = 200 * time.Millisecond

// drainMost is how many bytes are read of it after that: as many as a pipe holds.
const drainMost = 64 << 10

// Command is a process to start: a server, or what carries one.
type Command struct {
	Path string   // executable
	Args []string // argument vector, the name included
	Env  []string // the whole environment, KEY=VALUE
	Dir  string   // working folder; "": this process's. With a Root to enter it is one in there
	// User is whom it runs as; nil: as this process.
	User *syscall.Credential
	// Root is a file system of its own; nil: this machine's.
	Root *Root
	// Network is the one that it is in; nil: this machine's.
	Network *Network
	// Files are further open files that it gets, from descriptor 3 on.
	Files []*os.File
	CPUs  []int // pinned to them before its first instruction; empty: not pinned
	// Cgroup holds it from its first instruction on; nil: none.
	Cgroup *Cgroup
	// Account is the cgroup asked whether the kernel ended the server for want
	// of memory, where the process only carries the server; nil: Cgroup.
	Account *Cgroup
	// Tee gets its output as well, as it comes, from one goroutine; nil: nobody.
	Tee io.Writer
	// StopSignal is what Stop sends to it; 0 means SIGTERM.
	StopSignal syscall.Signal
	// Orphaned is the signal that it gets should this process end first; 0
	// means SIGKILL.
	Orphaned syscall.Signal
}

// Process is a running child with its end of output. It leads a session of
// its own, so that a terminal's ^C does not reach it. When it ends, what is
// left of its process group is killed. Its methods are safe for concurrent use.
type Process struct {
	Began   time.Time // just before the process was made
	Started time.Time // just after
	Output  *Tail     // its standard output and error

	cmd   *exec.Cmd
	stop  syscall.Signal
	group *Cgroup
	root  *Root
	// inMemory is why what is written to the root is held in memory; nil: it is not.
	inMemory error
	done     chan struct{}
	state    *os.ProcessState // valid once done is closed
	oom      bool             // likewise
	left     int              // likewise: the processes that ran on when it ended by itself

	flow   flow
	mu     sync.Mutex
	gone   bool // its id may belong to another process from now on
	wanted bool // it was stopped before it ended
}

// Start starts the command.
func Start(c Command) (*Process, error) {
	p := &Process{
		Output: new(Tail), done: make(chan struct{}),
		group: cmp.Or(c.Account, c.Cgroup), stop: cmp.Or(c.StopSignal, syscall.SIGTERM), root: c.Root,
	}
	started := make(chan error)
	onOwnThread(func() { p.run(c, started) })
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the process and waits for it, all on one thread of its own. The
// thread carries the CPU set and the cgroup that the process inherits, and has
// to live as long as the process: the kernel sends the parent death signal
// when the thread that made the process ends, not when all of the parent does.
func (p *Process) run(c Command, started chan<- error) {
	output, err := p.start(c)
	started <- err
	if err != nil {
		return
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		p.copy(output, c.Tee) // ends when no process holds the other end
	}()
	awaitEnd(p.cmd.Process.Pid)
	p.reap()
	_ = output.SetReadDeadline(time.Now().Add(drainTime))
	<-copied
	output.Close()
	close(p.done)
}

// onOwnThread calls do in a goroutine with a thread of its own, which ends with it:
// nothing else ever runs on it, whatever do makes of it. The main thread, for which the
// world takes this process, is not used.
func onOwnThread(do func()) {
	go func() {
		runtime.LockOSThread() // and never unlocked
		if !onMainThread() {
			do()
			return
		}
		elsewhere := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(elsewhere)
			do()
		}()
		<-elsewhere
		runtime.UnlockOSThread()
	}()
}

// start makes the process on the calling thread and returns the end of the
// pipe that its output comes from.
func (p *Process) start(c Command) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	defer w.Close()
	p.cmd = &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, Stdout: w, Stderr: w, ExtraFiles: c.Files}
	if err := p.spawn(c); err != nil {
		r.Close()
		return nil, fmt.Errorf("start %s: %w", c.Path, c.inWords(err))
	}
	return r, nil
}

// inWords says why the kernel does not run a program, where its word for it misleads.
func (c Command) inWords(err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("it is neither a binary for this machine nor a script that begins with #! (%w)", syscall.ENOEXEC)
	case errors.Is(err, syscall.ENOENT):
		if c.exists() {
			return fmt.Errorf("the interpreter that it names, in its #! line or as its loader, does not exist (%w)", syscall.ENOENT)
		}
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) && failed.Op == "fork/exec" {
		return failed.Err
	}
	return err
}

// reap kills what is left of the ended process's group and takes its status.
// Until then the process is a zombie, so that its id, which is the group's as
// well, belongs to no other.
func (p *Process) reap() {
	left := p.remaining()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted {
		p.left = left
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait() // the state says more than the error
	p.gone = true
	p.state = p.cmd.ProcessState
	p.oom = p.group != nil && p.group.OutOfMemory()
}

// RootFact says what the root folder of a process with a Root is.
func (p *Process) RootFact() record.Fact { return p.root.fact(p.inMemory) }

// remaining counts the processes that the ended one has left: those of its cgroup, or
// without one those of its session.
func (p *Process) remaining() int {
	pids := Descendants(p.PID())
	if p.group != nil {
		pids, _ = p.group.Processes() // it may be gone
	}
	return len(slices.DeleteFunc(pids, func(pid int) bool { return pid == p.PID() }))
}

// Quote is the end of its output so far, for an error about it.
func (p *Process) Quote() string { return p.Output.Quote() }

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process ended and its output is complete.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended, quoting the end of its output; nil while it
// runs and when Stop ended it.
func (p *Process) Err() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted {
		return nil
	}
	return p.Ended()
}

// Ended says how the process ended, wanted or not, quoting the end of its
// output. It waits for the end.
func (p *Process) Ended() error {
	<-p.done
	return targets.Ended(fmt.Errorf("%s%s%s", describe(p.state, p.oom), p.daemonised(), p.Output.Quote()), p.oom)
}

// Status is the process's exit status, or the signal that ended it; it waits
// for the end. A process that only carries the server hands on such a signal as
// 128 and its number, which is taken for the signal.
func (p *Process) Status() (code int, signal syscall.Signal) {
	<-p.done
	if status, ok := p.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 0, status.Signal()
	}
	code = p.state.ExitCode()
	if handed := syscall.Signal(code - 128); handed > 0 && handed < 64 {
		return 0, handed
	}
	return code, 0
}

// CPUTime is what the process used, and those that it waited for. It waits for the end.
func (p *Process) CPUTime() time.Duration {
	<-p.done
	return p.state.UserTime() + p.state.SystemTime()
}

// daemonised is Daemonised of this process.
func (p *Process) daemonised() string { return Daemonised(p.state.Success(), p.left) }

// Daemonised says of a server that ended with success while so many processes of it ran
// on that it has to stay; "" of others.
func Daemonised(success bool, left int) string {
	switch {
	case left == 0 || !success:
		return ""
	case left == 1:
		return " and left 1 process running in the background; " + stayInForeground
	}
	return fmt.Sprintf(" and left %d processes running in the background; %s", left, stayInForeground)
}

// stayInForeground is what a server has to do that ends while its processes run on.
const stayInForeground = `start it in the foreground, as the option -g "daemon off;" of nginx does`

// describe says how a process ended.
func describe(state *os.ProcessState, oom bool) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return DescribeExit(state.ExitCode(), oom)
	}
	return DescribeStatus(status, oom)
}

// DescribeStatus says how a server ended whose status wait(2) gave, and whether
// the kernel killed one of its processes for want of memory.
func DescribeStatus(status syscall.WaitStatus, oom bool) string {
	if !status.Signaled() {
		return DescribeExit(status.ExitStatus(), oom)
	}
	end := fmt.Sprintf("was ended by signal %d (%s)", status.Signal(), status.Signal())
	return blame(end, oom, status.Signal() == syscall.SIGKILL)
}

// DescribeExit says how a server ended that left the exit status, and whether
// the kernel killed one of its processes for want of memory. Shells and
// container runtimes hand on the end by a signal as 128 and its number.
func DescribeExit(status int, oom bool) string {
	end := fmt.Sprintf("exited with status %d", status)
	handed := syscall.Signal(status - 128)
	if handed > 0 && handed < 64 {
		end += fmt.Sprintf(", which stands for signal %d (%s)", handed, handed)
	}
	return blame(end, oom, handed == syscall.SIGKILL)
}

// blame brings in the memory limit: it killed the server itself, or a process
// of the server before that ended otherwise.
func blame(end string, oom, killed bool) string {
	switch {
	case oom && killed:
		return "was killed by the kernel for reaching its memory limit"
	case oom:
		return end + ", after the kernel killed one of its processes for reaching the memory limit"
	}
	return end
}

// Stop ends the process: its stop signal, and when it is still there after the grace
// period, or when ctx ends, SIGKILL to its whole group.
func (p *Process) Stop(ctx context.Context, grace time.Duration) {
	p.signal(p.PID(), p.stop)
	if !p.within(ctx, grace) {
		p.Kill()
	}
}

// Kill ends the process and its group at once, and waits for that.
func (p *Process) Kill() {
	p.signal(-p.PID(), syscall.SIGKILL)
	<-p.done
}

// signal sends a wanted end to the process, or to its group when the id is
// negative, unless it ended by itself before: Err keeps saying so then.
func (p *Process) signal(id int, s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.wanted = true
		_ = syscall.Kill(id, s) // a zombie does not mind
	}
}

// within reports whether the process ended in time.
func (p *Process) within(ctx context.Context, grace time.Duration) bool {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// Judge explains why a start failed, given what waiting for the server
// returned: it adds how the process ended or how its output ends, and
// recognises that another process has the port, for targets.OnFreePort. server is the
// process that is most likely the one to listen; any descendant may.
func (p *Process) Judge(err error, server, port int) error {
	switch {
	case err == nil && !Owns([]int{server}, port) && !Owns(Descendants(p.PID()), port):
		return targets.ErrPortTaken
	case err == nil:
		return nil
	case !errors.Is(err, targets.ErrEnded):
		return fmt.Errorf("%w%s", err, p.Output.Quote())
	case targets.PortTaken(targets.Loopback, port):
		return fmt.Errorf("%w: it %w", targets.ErrPortTaken, p.Ended())
	case p.state.Success() && p.left == 0: // what a container had left went with it
		return fmt.Errorf("%w: it %w; a server has to keep running in the foreground", err, p.Ended())
	}
	return fmt.Errorf("%w: it %w", err, p.Ended())
}

// processorsFact says which GOMAXPROCS the server was handed.
func processorsFact(want targets.Limits) record.Fact {
	if n := want.Processors(); n > 0 {
		return record.Fact{Name: "GOMAXPROCS", Value: strconv.Itoa(n)}
	}
	return record.Fact{Name: "GOMAXPROCS", Value: "not set"}
}
