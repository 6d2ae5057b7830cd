package local

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	const text = "42 (a (b) c) S 7 42 41 0 -1 4194560 1 2 3 4 150 50 20 10 20 0 3 0 100 1000000 256 18446744073709551615"
	s, err := parseStat(42, text)
	if err != nil {
		t.Fatal(err)
	}
	want := procStat{pid: 42, parent: 7, group: 42, session: 41, cpu: 2 * time.Second, reaped: 300 * time.Millisecond, resident: targets.Bytes(256 * os.Getpagesize()), start: 100}
	if s != want {
		t.Errorf("parseStat = %+v, want %+v", s, want)
	}
	if s, _ := parseStat(1, strings.Replace(text, " S ", " Z ", 1)); !s.dead {
		t.Error("a zombie is not dead")
	}
	if _, err := parseStat(1, strings.Replace(text, "150", "x", 1)); err == nil {
		t.Error("no error on a field that is no number")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (x) S 7 42 41 0 -1 0 1 2 3 4 150 50 20 10 20 0 3 0 100 1000000 256 1")
	f.Add(")")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat(1, text); err == nil && s.pid != 1 {
			t.Fatalf("parseStat(%q) = %+v", text, s)
		}
	})
}

func TestDescendants(t *testing.T) {
	p := shell(t, "(sleep 60 & sleep 60) & echo on; wait")
	for deadline := time.Now().Add(10 * time.Second); len(Descendants(p.PID())) < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("descendants %v, want the shell, its child and one below", Descendants(p.PID()))
		}
	}
	if slices.Contains(Descendants(p.PID()), os.Getpid()) {
		t.Error("this process is its own child's descendant")
	}
	usage, err := TreeUsage(p.PID())
	if err != nil || usage.Resident <= ProcessUsage(p.PID()).Resident {
		t.Errorf("usage %v, %v, want more than the shell's alone, %v", usage, err, ProcessUsage(p.PID()))
	}
	if parent, err := Parent(p.PID()); err != nil || parent != os.Getpid() {
		t.Errorf("Parent = %d, %v, want %d", parent, err, os.Getpid())
	}
	p.Kill()
	if _, err := TreeUsage(p.PID()); err == nil {
		t.Error("TreeUsage of a process that is gone succeeds")
	}
}

// Servers with workers are counted whole, without a cgroup as with one: the workers that
// run, in sessions of their own as well, and those that ended.
func TestUsageOfWorkers(t *testing.T) {
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Skipf("no setsid in PATH (Debian: util-linux): %v", err)
	}
	group, err := NewCgroup()
	if err != nil {
		t.Logf("without a cgroup: %v", err)
	}
	defer group.Close()
	const burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
	p := shell(t, fmt.Sprintf("sh -c '%s' & wait; %s sh -c '%s; echo worked; exec sleep 60' & exec sleep 60", burn, setsid, burn), func(c *Command) { c.Cgroup = group })
	for deadline := time.Now().Add(time.Minute); p.Output.String() != "worked"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the workers do not get ready")
		}
	}
	server, err := readStat(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	var worker time.Duration
	for _, pid := range Descendants(p.PID()) {
		if s, err := readStat(pid); err == nil && pid != p.PID() {
			worker += s.cpu
		}
	}
	if server.reaped == 0 || worker == 0 {
		t.Fatalf("an ended worker used %s, a running one %s, want some of both", server.reaped, worker)
	}
	usage, err := TreeUsage(p.PID())
	if err != nil || usage.CPU < server.reaped+worker {
		t.Errorf("usage %v, %v, want at least %s and %s", usage, err, server.reaped, worker)
	}
	if group == nil {
		return
	}
	if usage, err = group.Usage(); err != nil || usage.CPU < server.reaped+worker-2*tick {
		t.Errorf("usage by the cgroup %v, %v, want at least %s and %s", usage, err, server.reaped, worker)
	}
}

// Pages that forked workers have in common count once.
func TestSharedPagesCountOnce(t *testing.T) {
	const held = 32 * targets.MiB
	p := shell(t, fmt.Sprintf("x=$(head -c %d /dev/zero | tr '\\0' x); for i in 1 2 3 4; do (while :; do sleep 60; done) & done; echo forked; wait", held))
	for deadline := time.Now().Add(time.Minute); p.Output.String() != "forked"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the workers do not get ready")
		}
	}
	needShares(t)
	var each targets.Bytes
	for _, s := range descendants(p.PID()) {
		each += s.resident
	}
	usage, err := TreeUsage(p.PID())
	if whole := targets.Bytes(usage.Resident); err != nil || whole < held || whole > 2*held || each < 5*held {
		t.Errorf("the processes hold %s, %v, and %s are resident in them one by one; want %s once, and at least 5 times", whole, err, each, held)
	}
}

// needShares skips a test where the kernel does not say what processes share.
func needShares(t *testing.T) {
	t.Helper()
	if _, known := memoryOf(os.Getpid(), "smaps_rollup")["Pss_Anon"]; !known {
		t.Skip("the kernel does not say what processes share")
	}
}

// A file that processes of other programs map as well counts whole, and once for all workers
// of a server; so does memory in tmpfs.
func TestMappedFilesCountWhole(t *testing.T) {
	const size = 32 * targets.MiB
	if path := os.Getenv("MAP"); path != "" {
		mapFile(path)
	}
	needShares(t)
	for _, folder := range []string{t.TempDir(), "/dev/shm"} {
		file, err := os.CreateTemp(folder, "mapped")
		if err != nil {
			t.Logf("without a file in %s: %v", folder, err)
			continue
		}
		t.Cleanup(func() { os.Remove(file.Name()) })
		if _, err := file.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		var servers []*Process
		for range 3 {
			worker := fmt.Sprintf("MAP=%s '%s' -test.run='^TestMappedFilesCountWhole$' &", file.Name(), os.Args[0])
			servers = append(servers, shell(t, worker+worker+" wait"))
		}
		for _, p := range servers {
			for deadline := time.Now().Add(time.Minute); strings.Count(p.Output.String(), "mapped it") < 2; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the workers do not get ready: %s", p.Output)
				}
			}
		}
		for _, p := range servers {
			usage, err := TreeUsage(p.PID())
			if whole := targets.Bytes(usage.Resident); err != nil || whole < size || whole > 2*size {
				t.Errorf("%s: a server whose workers map %s holds %s, %v", folder, size, whole, err)
			}
			p.Kill()
		}
	}
}

// mapFile maps a file, reads all of it, and waits to be ended.
func mapFile(path string) {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	info, err := file.Stat()
	if err != nil {
		panic(err)
	}
	pages, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		panic(err)
	}
	fmt.Println("mapped it", len(pages))
	time.Sleep(time.Hour)
}

func FuzzParseSizes(f *testing.F) {
	f.Add("Name:\tx\nVmHWM:\t    1940 kB\nPss_Anon:             112 kB\nThreads:\t1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, size := range parseSizes(text) {
			if size < 0 || !strings.Contains(text, name+":") {
				t.Errorf("%q has a size of %d", name, size)
			}
		}
	})
}

func TestOwns(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("cannot listen at %s: %v", address, err)
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		other := shell(t, "exec sleep 60")
		if !Owns([]int{os.Getpid()}, port) || !Owns([]int{other.PID(), os.Getpid()}, port) {
			t.Errorf("%s: this process does not own its port", address)
		}
		if Owns([]int{other.PID()}, port) || Owns(nil, port) {
			t.Errorf("%s: somebody else owns the port", address)
		}
		l.Close()
		if !Owns([]int{other.PID()}, port) {
			t.Errorf("%s: it is told who owns a port on which nothing listens", address)
		}
	}
}

// The kernel's answer and its table have to say the same.
// Where nobody accepts, a listener lets so many connections wait as it asked for, and the
// others time out.
func TestDeepenBacklog(t *testing.T) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	if err := errors.Join(unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(socket, 1)); err != nil {
		t.Fatal(err)
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	port := address.(*unix.SockaddrInet4).Port
	connect := func(n int, within time.Duration) error {
		for range n {
			conn, err := net.DialTimeout("tcp", targets.Address(targets.Loopback, port), within)
			if err != nil {
				return err
			}
			t.Cleanup(func() { conn.Close() })
		}
		return nil
	}
	if err := connect(10, 300*time.Millisecond); err == nil {
		t.Fatal("a listener that lets one connection wait takes ten")
	}
	err = DeepenBacklog(os.Getpid(), port)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := connect(50, time.Minute); err != nil {
		t.Error(err)
	}
	if err := DeepenBacklog(os.Getpid(), 1); err == nil {
		t.Error("the backlog of a port is deepened on which nobody listens")
	}
}

func TestListenersTwoWays(t *testing.T) {
	l, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("no /proc/net/tcp: %v", err)
	}
	fromTable := parseSockets(string(table), "0A", port, anyPort)
	if len(fromTable) != 1 {
		t.Fatalf("the table has %v", fromTable)
	}
	fromKernel, err := diagnose(port)
	if err != nil {
		t.Skipf("the kernel has no socket diagnosis: %v", err)
	}
	if !slices.Equal(fromTable, fromKernel) {
		t.Errorf("the table has %v, the kernel says %v", fromTable, fromKernel)
	}
	other := shell(t, "exec sleep 60")
	if mine := Ports([]int{other.PID(), os.Getpid()}); !slices.Contains(mine, port) {
		t.Errorf("this process listens on %v, want %d among them", mine, port)
	}
	if theirs := Ports([]int{other.PID()}); len(theirs) > 0 {
		t.Errorf("a process that listens nowhere listens on %v", theirs)
	}
}

// The client's end of a connection is this process's, both by the kernel's
// answer and by its table.
func TestHolds(t *testing.T) {
	l, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	local, remote := netip.MustParseAddrPort(c.LocalAddr().String()), netip.MustParseAddrPort(c.RemoteAddr().String())
	other := shell(t, "exec sleep 60")
	if !Holds([]int{other.PID(), os.Getpid()}, local, remote) {
		t.Error("this process does not hold its connection")
	}
	if Holds([]int{other.PID()}, local, remote) || Holds(nil, local, remote) {
		t.Error("somebody else holds the connection")
	}
	fromTable := readTables("01", int(local.Port()), int(remote.Port()))
	fromKernel, err := diagnoseConnection(local, remote)
	if err != nil {
		t.Skipf("the kernel has no socket diagnosis: %v", err)
	}
	if len(fromTable) != 1 || !slices.Equal(fromTable, fromKernel) {
		t.Errorf("the table has %v, the kernel says %v", fromTable, fromKernel)
	}
}

func TestPin(t *testing.T) {
	allowed, err := Pinned(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	last := allowed[len(allowed)-1:]
	p := shell(t, "exec sleep 60", func(c *Command) { c.CPUs = last })
	if got, err := Pinned(p.PID()); err != nil || !slices.Equal(got, last) {
		t.Errorf("the child runs on %v, %v, want %v", got, err, last)
	}
	if got, _ := Pinned(os.Getpid()); !slices.Equal(got, allowed) {
		t.Errorf("this process runs on %v, before on %v", got, allowed)
	}
	if err := PinProcess(p.PID(), allowed); err != nil {
		t.Fatal(err)
	}
	if got, _ := Pinned(p.PID()); !slices.Equal(got, allowed) {
		t.Errorf("the child runs on %v, want %v", got, allowed)
	}
	for _, bad := range [][]int{nil, {-1}, {8000}} {
		if err := pin(0, bad); err == nil {
			t.Errorf("Pin to %v succeeds", bad)
		}
	}
	_, err = Start(Command{Path: "/bin/true", Args: []string{"true"}, CPUs: []int{8000}})
	if err == nil || !strings.Contains(err.Error(), "8000") {
		t.Errorf("Start on CPU 8000: %v, want an error that names it", err)
	}
}

// The kernel kills a child when the thread that made it ends. Goroutines that
// end with their thread locked make threads end.
func TestChildOutlivesOtherThreads(t *testing.T) {
	p := shell(t, "exec sleep 60")
	for range 20 {
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	select {
	case <-p.Done():
		t.Fatalf("the child ended: %v", p.Ended())
	case <-time.After(50 * time.Millisecond):
	}
}

func TestApplied(t *testing.T) {
	p := shell(t, "exec sleep 60")
	allowed, err := Pinned(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	facts := Applied(p.PID(), targets.Workload{CPUSet: []int{8000}, Limits: targets.Limits{CPUs: 1, Memory: 32 * targets.MiB}}, fmt.Errorf("no rights"))
	if len(facts) != 4 || !facts[0].Unequal || !facts[2].Unequal || facts[3].Value != "1" {
		t.Errorf("facts of limits that are not in force: %+v", facts)
	}
	if !strings.Contains(facts[0].Value, targets.FormatCPUs(allowed)) || !strings.Contains(facts[2].Value, "no rights") {
		t.Errorf("facts %+v do not say what is and why", facts)
	}
	if facts := Applied(p.PID(), targets.Workload{}, nil); facts[0].Unequal || facts[3].Value != "not set" {
		t.Errorf("facts where nothing is asked for: %+v", facts)
	}
}

// What wants a CPU that it has to share waits for it, and what sleeps does not.
func TestScheduledOf(t *testing.T) {
	cpus, err := Pinned(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	one := func(cmd *Command) { cmd.CPUs = cpus[:1] }
	sleeps, hog, other := shell(t, "exec sleep 60", one), shell(t, "while :; do :; done", one), shell(t, "while :; do :; done", one)
	const much = 200 * time.Millisecond
	eventually(t, "both ran and waited", func() bool {
		a, b := ScheduledOf(hog.PID()), ScheduledOf(other.PID())
		return a.Ran > much && b.Ran > much && a.Longest > much && b.Longest > much
	})
	both, idle := ScheduledOf(hog.PID(), other.PID()), ScheduledOf(sleeps.PID())
	if both.Waited < 2*much || both.Longest >= both.Waited {
		t.Errorf("both together: %+v", both)
	}
	if idle.Ran > much {
		t.Errorf("one that sleeps: %+v", idle)
	}
	if gone := ScheduledOf(1 << 30); gone != (Scheduled{}) {
		t.Errorf("one that is not there: %+v", gone)
	}
}
