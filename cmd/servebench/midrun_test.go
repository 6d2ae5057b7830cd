package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/shirou/gopsutil/v4/process"
)

// midrun runs a command and does something to it in the middle: midrun ACTION
// CODE COMMAND [ARG...]. The middle is when its plain progress first names the
// phase steady, or says the word of ACTION@WORD. It wants the exit code (CODE|CODE: one
// of them, as of a run that a busy machine makes INVALID) and leaves
// the output in the files midrun.out and midrun.err.
//
//	kill-server  SIGKILL to the model server
//	interrupt    SIGINT to the command, once
//	interrupt-2  SIGINT to the command, twice
//	hangup       SIGHUP to the command, once
//	kill         SIGKILL to the command, whose exit code is -1 then
func midrun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: midrun ACTION CODE COMMAND [ARG...]")
	}
	cmd := exec.Command(lookPath(ts, args[2]), args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = environment(ts)
	action, word, _ := strings.Cut(args[0], "@")
	out, watched := &bytes.Buffer{}, &watcher{word: cmp.Or(word, "steady"), seen: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, watched
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case <-watched.seen:
		ts.Check(act(action, cmd.Process.Pid))
		err = <-ended
	case err = <-ended:
		ts.Fatalf("%v ended before it said %s: %v\n%s", args[2:], watched.word, err, watched.text())
	}
	ts.Check(os.WriteFile(ts.MkAbs("midrun.out"), out.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("midrun.err"), []byte(watched.text()), 0o644))
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(strings.Split(args[1], "|"), fmt.Sprint(code)) {
		ts.Fatalf("%v exits %d, want %s\n%s", args[2:], code, args[1], watched.text())
	}
}

// act does one of midrun's actions, half a second into the middle.
func act(action string, pid int) error {
	time.Sleep(500 * time.Millisecond)
	switch action {
	case "kill-server":
		return killServer(pid)
	case "interrupt":
		return syscall.Kill(pid, syscall.SIGINT)
	case "interrupt-2":
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
		return syscall.Kill(pid, syscall.SIGINT)
	case "hangup":
		return syscall.Kill(pid, syscall.SIGHUP)
	case "kill":
		return syscall.Kill(pid, syscall.SIGKILL)
	}
	return fmt.Errorf("unknown action %q", action)
}

// killServer kills the reference server among a process's descendants.
func killServer(pid int) error {
	parent, err := process.NewProcess(int32(pid))
	if err != nil {
		return err
	}
	children, err := parent.Children()
	if err != nil {
		return err
	}
	for _, child := range children {
		if name, err := child.Name(); err == nil && strings.HasPrefix(name, "refserver") {
			return child.Kill()
		}
	}
	return fmt.Errorf("process %d has no child refserver", pid)
}

func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		path := dir + string(os.PathSeparator) + name
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	ts.Fatalf("no %s in PATH", name)
	return ""
}

func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SERVEBENCH_CACHE"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// watcher keeps what is written to it and tells when a word was.
type watcher struct {
	word string
	seen chan struct{}

	mu   sync.Mutex
	all  bytes.Buffer
	told bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(p)
	if !w.told && strings.Contains(w.all.String(), w.word) {
		w.told = true
		close(w.seen)
	}
	return len(p), nil
}

func (w *watcher) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
