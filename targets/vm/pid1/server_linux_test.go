package pid1

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets/vm/guest"
)

// spawn starts a shell, as the guest starts the server but in no cgroup.
func spawn(t *testing.T, script string) int {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skipf("there is no shell to run: %v", err)
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Other children are waited for on the way.
func TestReap(t *testing.T) {
	spawn(t, "exit 1")
	if status := reap(spawn(t, "sleep 0.1; exit 7")); status.ExitStatus() != 7 {
		t.Errorf("status %v, want 7", status)
	}
	if status := reap(spawn(t, "kill -9 $$")); status.Signal() != syscall.SIGKILL {
		t.Errorf("status %v, want that of signal 9", status)
	}
}

func TestObey(t *testing.T) {
	stops := make(chan os.Signal, 4)
	signal.Notify(stops, syscall.SIGQUIT)
	defer signal.Stop(stops)
	obey(strings.NewReader("noise\nsto\n"), os.Getpid(), syscall.SIGQUIT)
	select {
	case <-stops:
		t.Fatal("a signal though nobody asked for it")
	case <-time.After(20 * time.Millisecond):
	}
	obey(strings.NewReader("noise\n"+guest.StopCommand+"\n"), os.Getpid(), syscall.SIGQUIT)
	<-stops
}

func TestRunOutsideOfAGuest(t *testing.T) {
	if err := Run(); err == nil || !strings.Contains(err.Error(), "no other use") {
		t.Errorf("Run as an ordinary process: %v", err)
	}
}

// A folder stands for the cgroup file system, which has its files from the
// beginning.
func TestCgroup(t *testing.T) {
	top := t.TempDir()
	if _, err := newCgroup(top); err == nil || !strings.Contains(err.Error(), "memory controller") {
		t.Errorf("error %v where there is no controller", err)
	}
	c := cgroup(filepath.Join(top, "server"))
	if _, err := c.limit(1 << 20); err == nil {
		t.Error("a limit is set where there is no controller")
	}
	for name, text := range map[string]string{"memory.max": "max\n", "memory.events": "low 0\noom 2\noom_kill 0\n"} {
		if err := os.WriteFile(c.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c.outOfMemory() {
		t.Error("out of memory though nothing was killed")
	}
	if got, err := c.limit(1048576); err != nil || got != 1048576 {
		t.Errorf("limit = %d, %v, want 1048576", got, err)
	}
	if err := os.WriteFile(c.file("memory.events"), []byte("oom 2\noom_kill 1\noom_group_kill 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !c.outOfMemory() {
		t.Error("not out of memory though something was killed")
	}
}

const tableHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func TestParseListening(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  reach
	}{
		"nothing":            {nil, nowhere},
		"everywhere":         {[]string{"0: 00000000:1F90 00000000:0000 0A"}, everywhere},
		"the guest's":        {[]string{"0: 0F02000A:1F90 00000000:0000 0A"}, everywhere},
		"loopback":           {[]string{"0: 0100007F:1F90 00000000:0000 0A"}, inside},
		"loopback and more":  {[]string{"0: 0100007F:1F90 00000000:0000 0A", "1: 00000000:1F90 00000000:0000 0A"}, everywhere},
		"another port":       {[]string{"0: 00000000:1F91 00000000:0000 0A"}, nowhere},
		"a connection":       {[]string{"0: 0F02000A:1F90 0202000A:C350 01"}, nowhere},
		"version 6":          {[]string{"0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A"}, everywhere},
		"version 6 loopback": {[]string{"0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A"}, inside},
		"mapped loopback":    {[]string{"0: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A"}, inside},
		"cut short":          {[]string{"0: 00000000:1F90 00000000:0000"}, nowhere},
	} {
		table := tableHead + strings.Join(c.lines, "\n")
		if got := parseListening(table, 8080); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestListening(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if got := listening(port); got != inside {
		t.Errorf("listening = %d, want %d", got, inside)
	}
	l.Close()
	if got := listening(port); got != nowhere {
		t.Errorf("listening = %d after the end, want %d", got, nowhere)
	}
}

func FuzzParseListening(f *testing.F) {
	f.Add(tableHead+"0: 00000000:1F90 00000000:0000 0A", 8080)
	f.Add("0: 0100007F:0000 x 0A\n\n", 0)
	f.Fuzz(func(t *testing.T, table string, port int) {
		if parseListening(table, port) != nowhere && !strings.Contains(table, fmt.Sprintf(":%04X", port)) {
			t.Fatalf("%q is taken to listen on %d", table, port)
		}
	})
}
