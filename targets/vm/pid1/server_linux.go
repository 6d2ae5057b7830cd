package pid1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/targets/local/privileges"
	"servebench/targets/vm/guest"

	"golang.org/x/sys/unix"
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

// run runs the server, obeys the host's commands, and returns when it ended.
func run(c *console, commands io.Reader, s guest.Server) error {
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
	go obey(commands, pid, syscall.Signal(s.StopSignal))
	go listen(c, s.Port)
	status := reap(pid)
	_ = output.SetReadDeadline(time.Now())
	<-copied
	_, _ = io.CopyN(c, rest{output}, drainMost)
	c.say(guest.Event{Name: guest.Ended, Status: uint32(status), OutOfMemory: group.outOfMemory(), Left: group.processes()})
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
	// Who opens /dev/stdout needs the right to.
	if err := w.Chown(int(s.UID), int(s.GID)); err != nil {
		return fault(err)
	}
	if s.ReadOnly {
		if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			return fault(fmt.Errorf("make the root file system read-only: %w", err))
		}
	}
	pid, err := fork(s, &syscall.ProcAttr{
		Dir: path.Join("/", s.Dir), Env: s.Env, Files: []uintptr{null.Fd(), w.Fd(), w.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid: true, UseCgroupFD: true, CgroupFD: int(dir.Fd()),
			Credential: &syscall.Credential{Uid: s.UID, Gid: s.GID, Groups: s.Groups},
		},
	})
	if err != nil {
		r.Close()
		return fault(err)
	}
	return pid, r, nil
}

// fork makes the process on a thread that gives up what the server may not have, and
// ends then.
func fork(s guest.Server, attr *syscall.ProcAttr) (pid int, err error) {
	made := make(chan struct{})
	go func() {
		defer close(made)
		runtime.LockOSThread() // for good
		if err = privileges.Keep(s.Capabilities); err == nil {
			pid, err = syscall.ForkExec(s.Path, s.Args, attr)
		}
	}()
	<-made
	return pid, err
}

// obey sends the server its stop signal when the host asks for it.
func obey(commands io.Reader, server int, stop syscall.Signal) {
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		if lines.Text() == guest.StopCommand {
			_ = syscall.Kill(server, stop) // it may have ended
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

// cgroup is the folder of the version 2 control group that holds the server.
type cgroup string

// newCgroup makes an empty one below the top, and hands the memory controller
// down to it.
func newCgroup(top string) (cgroup, error) {
	dir := filepath.Join(top, "server")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a cgroup: %w", err)
	}
	if err := write(filepath.Join(top, "cgroup.subtree_control"), "+memory"); err != nil {
		return cgroup(dir), fmt.Errorf("enable the memory controller: %w", err)
	}
	return cgroup(dir), nil
}

// limit sets the most memory that the processes may hold, in bytes, and returns
// what is in force. Swap does not extend it, where the kernel has any.
func (c cgroup) limit(memory int64) (int64, error) {
	if err := write(c.file("memory.max"), strconv.FormatInt(memory, 10)); err != nil {
		return 0, fmt.Errorf("limit the memory: %w", err)
	}
	if err := write(c.file("memory.swap.max"), "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("limit the memory: %w", err)
	}
	text, err := os.ReadFile(c.file("memory.max"))
	if err != nil {
		return 0, fmt.Errorf("read the memory limit: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// outOfMemory reports whether the kernel killed one of the processes for want
// of memory.
func (c cgroup) outOfMemory() bool {
	text, _ := os.ReadFile(c.file("memory.events")) // not there: no controller
	for line := range strings.Lines(string(text)) {
		if kills, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return kills != "0"
		}
	}
	return false
}

// processes is how many processes are in it.
func (c cgroup) processes() int {
	text, _ := os.ReadFile(c.file("cgroup.procs"))
	return len(strings.Fields(string(text)))
}

func (c cgroup) file(name string) string { return filepath.Join(string(c), name) }

// write writes an existing file; the cgroup file system refuses to create one.
func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// How the server's port is watched. The pauses grow with the time waited, so
// that a slow start is not watched to death: there may be one CPU.
const (
	pollFirst = 2 * time.Millisecond
	pollMost  = 100 * time.Millisecond
	pollShare = 50 // a pause is this part of the time waited
)

// reach says from where a port accepts connections.
type reach int

const (
	nowhere    reach = iota
	inside           // the guest's own loopback alone
	everywhere       // the guest's network
)

// listen waits until something listens on the port, and says so. QEMU accepts
// connections long before, so nobody but the guest knows. The tables are read
// rather than a connection made, which the server would see.
func listen(c *console, port int) {
	began, told := time.Now(), false
	for {
		switch listening(port) {
		case everywhere:
			c.say(guest.Event{Name: guest.Listening, Clock: clock()})
			return
		case inside:
			if !told {
				told = true
				fmt.Fprintf(c, "servebench: the server listens on the guest's loopback alone, where nobody reaches it: let it listen on the address in HOST, or on 0.0.0.0\n")
			}
		}
		time.Sleep(min(max(time.Since(began)/pollShare, pollFirst), pollMost))
	}
}

// listening reads the kernel's tables.
func listening(port int) reach {
	most := nowhere
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table) // not there: the kernel has no such sockets
		most = max(most, parseListening(string(text), port))
	}
	return most
}

// parseListening reads a table like /proc/net/tcp, see proc_net_tcp in the
// kernel's documentation: the second field is the local address, each four
// bytes of it in this machine's order, the fourth the state, of which 0A is
// LISTEN.
func parseListening(table string, port int) reach {
	most := nowhere
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		address, ok := strings.CutSuffix(fields[1], fmt.Sprintf(":%04X", port))
		switch {
		case !ok:
		case isLoopback(address):
			most = max(most, inside)
		default:
			most = everywhere
		}
	}
	return most
}

// isLoopback recognises 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104 on a machine
// that stores the lowest byte first.
func isLoopback(address string) bool {
	const mapped = "0000000000000000FFFF0000"
	v4, is4 := strings.CutPrefix(address, mapped)
	return len(v4) == 8 && (is4 || len(address) == 8) && strings.HasSuffix(v4, "7F") ||
		address == "00000000000000000000000001000000"
}

// clock is the kernel's clock source; "" where it is not known.
func clock() string {
	text, _ := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	return strings.TrimSpace(string(text))
}
