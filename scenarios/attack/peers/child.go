package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"servebench/scenarios/host"
	"servebench/targets"
)

// child is a process to start: where, and on which CPUs.
type child struct {
	path string
	args []string
	dir  string // working folder and HOME
	cpus []int  // none: where this process may run
}

// ended is what is known of a process that has ended.
type ended struct {
	stdout, stderr []byte
	cpu            time.Duration // user + system, of it and of what it waited for: all of its life
	took           time.Duration
	code           int
}

// command prepares the process. It is killed with its process group when ctx ends.
func (c child) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=" + targets.SearchPath, "HOME=" + c.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// start starts a prepared process on its CPUs, which it has before its first
// instruction, so that a Go program counts them rightly.
func (c child) start(cmd *exec.Cmd) error {
	if len(c.cpus) > 0 {
		restore, err := host.Pin(c.cpus)
		if err != nil {
			return err
		}
		defer restore()
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.path, err)
	}
	return nil
}

// run runs the process to its end, at most that long.
func (c child) run(ctx context.Context, atMost time.Duration) (ended, error) {
	bounded, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := c.command(bounded)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := c.start(cmd); err != nil {
		return ended{}, err
	}
	err := cmd.Wait()
	e := ended{stdout: stdout.Bytes(), stderr: stderr.Bytes(), took: time.Since(began), code: -1}
	switch {
	case ctx.Err() != nil:
		return e, ctx.Err()
	case bounded.Err() != nil:
		return e, fmt.Errorf("it had not ended after %v", atMost)
	case cmd.ProcessState == nil:
		return e, err
	}
	e.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	e.code = cmd.ProcessState.ExitCode()
	return e, nil
}

// mostLines is how many lines of a tool's complaint are handed on.
const mostLines = 4

// failure says how a process ended that should have ended with 0, quoting the end of
// what it complained of.
func (e ended) failure() error {
	lines := strings.Split(strings.TrimSpace(string(e.stderr)), "\n")
	lines = lines[max(0, len(lines)-mostLines):]
	return fmt.Errorf("it ended with %d: %s", e.code, strings.Join(lines, "; "))
}
