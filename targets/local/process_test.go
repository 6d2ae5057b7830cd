package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
)

// shell starts a shell script, or skips the test where there is no shell.
func shell(t *testing.T, script string, adjust ...func(*Command)) *Process {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("no shell in PATH, the test runs a script: %v", err)
	}
	c := Command{Path: sh, Args: []string{"sh", "-c", script}, Env: []string{"PATH=" + targets.SearchPath}}
	for _, a := range adjust {
		a(&c)
	}
	p, err := Start(c)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestProcessEnds(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"status", "echo one; echo two >&2; exit 3", "exited with status 3; its output ends:\n\tone\n\ttwo"},
		{"silent", "exit 0", "exited with status 0; it wrote no output"},
		{"signal", "echo x; kill -9 $$", "was ended by signal 9 (killed); its output ends: x"},
		{"handed on", "exit 143", "exited with status 143, which stands for signal 15 (terminated)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shell(t, c.script)
			<-p.Done()
			if err := p.Err(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("Err() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	for script, want := range map[string]struct {
		code   int
		signal syscall.Signal
	}{
		"exit 3": {code: 3}, "exit 0": {}, "kill -15 $$": {signal: syscall.SIGTERM}, "exit 137": {signal: syscall.SIGKILL},
	} {
		if code, signal := shell(t, script).Status(); code != want.code || signal != want.signal {
			t.Errorf("%s: status %d, signal %d, want %d and %d", script, code, signal, want.code, want.signal)
		}
	}
}

func TestProcessOutputHeldOpen(t *testing.T) {
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Skipf("no setsid in PATH (Debian: util-linux): %v", err)
	}
	// The child leaves the session and holds the pipe; the end must not wait.
	p := shell(t, setsid+" sleep 60 & echo $!; exit 1")
	<-p.Done()
	if !strings.Contains(p.Err().Error(), "status 1") {
		t.Errorf("Err() = %v, want status 1", p.Err())
	}
	left, err := strconv.Atoi(p.Output.String())
	if err != nil {
		t.Fatalf("the output %q is not the child's id alone", p.Output)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Errorf("the child is gone, so the test shows nothing: %v", err)
	}
}

func TestStopIsNoError(t *testing.T) {
	p := shell(t, "exec sleep 60")
	if err := p.Err(); err != nil {
		t.Errorf("Err while it runs: %v", err)
	}
	p.Stop(t.Context(), Grace)
	<-p.Done()
	if err := p.Err(); err != nil {
		t.Errorf("Err after Stop: %v", err)
	}
	if err := p.Ended(); !strings.Contains(err.Error(), "signal 15") {
		t.Errorf("Ended() = %v, want signal 15", err)
	}
}

func TestStopAfterTheEndKeepsTheError(t *testing.T) {
	p := shell(t, "exit 5")
	<-p.Done()
	p.Stop(t.Context(), Grace)
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "status 5") {
		t.Errorf("Err() = %v, want status 5", err)
	}
}

func TestStopKillsTheGroup(t *testing.T) {
	p := shell(t, "trap '' TERM; sleep 60 & wait; wait; sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	p.Stop(ctx, Grace)
	// A killed one stays a zombie until its new parent takes note.
	for deadline := time.Now().Add(10 * time.Second); !errors.Is(syscall.Kill(-p.PID(), 0), syscall.ESRCH); {
		if time.Now().After(deadline) {
			t.Fatal("the process group is still there")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStartNames(t *testing.T) {
	_, err := Start(Command{Path: "/no/such/server", Args: []string{"server"}})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/no/such/server") {
		t.Errorf("Start: %v, want an error that names the file", err)
	}
}

func TestDescribeExit(t *testing.T) {
	for want, c := range map[string]struct {
		status int
		oom    bool
	}{
		"exited with status 0":   {0, false},
		"exited with status 128": {128, false},
		"exited with status 137, which stands for signal 9 (killed)":                                       {137, false},
		"exited with status 255":                                                                           {255, false},
		"was killed by the kernel for reaching its memory limit":                                           {137, true},
		"exited with status 1, after the kernel killed one of its processes for reaching the memory limit": {1, true},
	} {
		if got := DescribeExit(c.status, c.oom); got != want {
			t.Errorf("DescribeExit(%d, %t) = %q, want %q", c.status, c.oom, got, want)
		}
	}
}

// What the kernel will not run is named for what it is.
func TestStartOfWhatIsNoProgram(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"hello":                      "it is neither a binary for this machine nor a script that begins with #!",
		"#!/nosuch/interpreter\nx\n": "the interpreter that it names, in its #! line or as its loader, does not exist",
	} {
		path := filepath.Join(dir, fmt.Sprint(len(text)))
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Start(Command{Path: path, Args: []string{path}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "fork/exec") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
