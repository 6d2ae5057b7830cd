package adapter

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// The exit statuses of a shell whose command cannot be run.
const (
	exitNotRun   = 126
	exitNotFound = 127
)

// Run starts the server and works until that ends; the result is its exit status, or 128
// and the number of the signal that ended it. The process has to be the adapter's alone:
// all children are taken for the server's, since the adapter may be the first process of
// its sandbox. A signal that ends processes is handed on to the server.
func Run(c Config) int {
	runtime.LockOSThread() // the server is killed should the thread that made it end
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	pid, err := start(c)
	if err != nil {
		return refuse(c, err)
	}
	status, ended := make(chan syscall.WaitStatus, 1), make(chan struct{})
	go func() {
		status <- reap(pid)
		close(ended)
	}()
	a, failed := newAdapter(c, ended), make(chan error, 1)
	go func() { failed <- a.serve() }()
	for {
		select {
		case s := <-signals:
			_ = syscall.Kill(pid, s.(syscall.Signal)) // it may have ended just now
		case s := <-status:
			a.finish()
			return exitStatus(s)
		case err := <-failed:
			select {
			case s := <-status: // which is why
				return exitStatus(s)
			case <-time.After(endTime):
			}
			fmt.Fprintf(c.Log, "lambdaadapter: %v\n", err)
			return 1 // the server is killed with this process
		}
	}
}

// Exec runs the command in the place of this process, which it returns from when it
// cannot. It is what the adapter does where there is no Lambda.
func Exec(c Config) int {
	path, err := find(c.Command[0])
	if err == nil {
		err = syscall.Exec(path, c.Command, c.Env)
	}
	fmt.Fprintf(c.Log, "lambdaadapter: start %s: %v\n", c.Command[0], err)
	return statusOf(err)
}

// start starts the server, whose output is this process's.
func start(c Config) (pid int, err error) {
	path, err := find(c.Command[0])
	if err != nil {
		return 0, err
	}
	return syscall.ForkExec(path, c.Command, &syscall.ProcAttr{Env: c.Env, Files: []uintptr{0, 1, 2}, Sys: attributes()})
}

// find looks the command up as a container runtime does.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if failed, ok := errors.AsType[*exec.Error](err); ok && !errors.Is(err, exec.ErrDot) {
		return "", failed.Err
	}
	return filepath.Clean(path), nil
}

// refuse tells Lambda why the server was not started.
func refuse(c Config, err error) int {
	why := &failure{"Runtime.InvalidEntrypoint", fmt.Sprintf("start %s: %v", c.Command[0], err)}
	fmt.Fprintf(c.Log, "lambdaadapter: %s\n", why.Message)
	if err := newRuntimeAPI(c.API).failInit(why); err != nil {
		fmt.Fprintf(c.Log, "lambdaadapter: %v\n", err)
	}
	return statusOf(err)
}

// statusOf is the exit status for a command that cannot be run.
func statusOf(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return exitNotFound
	}
	return exitNotRun
}

// reap waits for the end of the server and meanwhile for that of every other child, which
// a first process inherits.
func reap(server int) syscall.WaitStatus {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if pid == server || err == syscall.ECHILD {
			return status
		}
	}
}

// exitStatus is what a shell makes of it.
func exitStatus(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}

// finishTime is how long the end of the function waits for an answer that the server
// gave before its own.
const finishTime = time.Second

// finish lets an answer that is under way get through.
func (a *adapter) finish() {
	select {
	case a.replies <- struct{}{}:
	case <-time.After(finishTime):
	}
}
