package host

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/local"

	"github.com/shirou/gopsutil/v4/disk"
)

// Cgroups returns which version of control groups is mounted, "" where that is
// not known, and why no server can be limited by one here; nil when it can. It
// makes one with a memory limit, and removes it.
func Cgroups() (version string, err error) {
	group, err := local.NewLimited(targets.Limits{Memory: targets.GiB})
	return root().cgroupVersion(), errors.Join(err, group.Close())
}

// Governor returns who decides on the processors' frequencies, see the fact of
// that name, and whether that matters here: it does on bare metal.
func Governor() (name string, matters bool) {
	t := root()
	return t.governor(), natureOf(t.read("proc/cpuinfo")) == bareMetal
}

// readings is how often the clock is read in each of several batches to find out what a reading
// costs: of a machine that is busy, the quickest batch tells it.
const (
	readings = 1000
	batches  = 20
)

// Clock returns what the kernel reads the time from, "" where it does not tell,
// and what one reading costs: tens of nanoseconds, or, where the source cannot
// be read without a system call, far more.
func Clock() (source string, reading time.Duration) {
	reading = math.MaxInt64
	for range batches {
		began := time.Now()
		for range readings {
			_ = time.Now()
		}
		reading = min(reading, time.Since(began)/readings)
	}
	return root().clockSource(), reading
}

// OpenFiles returns how many files, connections among them, this process may
// have open.
func OpenFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	return limit.Cur, nil
}

// Space returns how much can still be written below a folder, and fails where
// nothing can. It writes a file there and removes it.
func Space(dir string) (targets.Bytes, error) {
	file, err := os.CreateTemp(dir, "servebench-space-*")
	if err != nil {
		return 0, fmt.Errorf("write into %s: %w", dir, err)
	}
	_, err = file.WriteString("x")
	if err := errors.Join(err, file.Close(), os.Remove(file.Name())); err != nil {
		return 0, fmt.Errorf("write into %s: %w", dir, err)
	}
	usage, err := disk.Usage(dir)
	if err != nil {
		return 0, fmt.Errorf("ask for the space in %s: %w", dir, err)
	}
	return targets.Bytes(usage.Free), nil
}

// Ports is the range from which the kernel takes the local port of an outgoing
// connection. All connections to one server have different ones.
type Ports struct {
	First, Last int
	Taken       int // of them, by TCP sockets of any kind and state
	// Reused says for which servers the port of a closed connection is used again after a
	// second, rather than a minute (net.ipv4.tcp_tw_reuse): 0 for none, 1 for all, 2 for
	// those at a loopback address.
	Reused int
}

// Held is how long the port of a connection that this side closed is kept for it.
func (p Ports) Held(loopback bool) time.Duration {
	if p.Reused == 1 || p.Reused == 2 && loopback {
		return time.Second
	}
	return time.Minute
}

// Free is how many connections to one server can be made, at least.
func (p Ports) Free() int { return p.Last - p.First + 1 - p.Taken }

// EphemeralPorts returns the range and how much of it is taken now.
func EphemeralPorts() (Ports, error) { return root().ports() }

func (t tree) ports() (Ports, error) {
	fields := strings.Fields(t.read("proc/sys/net/ipv4/ip_local_port_range"))
	if len(fields) != 2 {
		return Ports{}, errors.New("read the range of ephemeral ports: the system does not tell it")
	}
	first, err1 := strconv.ParseUint(fields[0], 10, 16)
	last, err2 := strconv.ParseUint(fields[1], 10, 16)
	if err1 != nil || err2 != nil || first > last {
		return Ports{}, fmt.Errorf("read the range of ephemeral ports: %q is none", strings.Join(fields, " "))
	}
	p := Ports{First: int(first), Last: int(last)}
	p.Reused, _ = strconv.Atoi(strings.TrimSpace(t.read("proc/sys/net/ipv4/tcp_tw_reuse")))
	taken := map[int]bool{}
	for _, file := range []string{"proc/net/tcp", "proc/net/tcp6"} {
		for _, port := range localPorts(t.read(file)) {
			if port >= p.First && port <= p.Last {
				taken[port] = true
			}
		}
	}
	p.Taken = len(taken)
	return p, nil
}

// localPorts reads the text of /proc/net/tcp, see proc_net(5): a heading, and a
// line for each socket with its local ADDRESS:PORT, in hexadecimal digits,
// second.
func localPorts(text string) []int {
	var ports []int
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		_, digits, _ := strings.Cut(fields[1], ":")
		if port, err := strconv.ParseUint(digits, 16, 16); err == nil {
			ports = append(ports, int(port))
		}
	}
	return ports
}
