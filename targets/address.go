package targets

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Loopback is the address that servers on this machine listen on.
const Loopback = "127.0.0.1"

// Ports below the kernel's ephemeral range, from which FreePort chooses.
const (
	firstPort = 20000
	portTries = 64
)

// FreePort returns a TCP port that nothing listens on at the address. It keeps
// out of the kernel's ephemeral range where it can, since an outgoing
// connection may take a port from there at any time, the load generator's own
// ones first of all. Another process may still take the port before the server
// does: see PortOwner.
func FreePort(host string) (int, error) {
	if ephemeral := firstEphemeralPort(); ephemeral > firstPort {
		for range portTries {
			port := firstPort + rand.IntN(ephemeral-firstPort)
			if l, err := net.Listen("tcp", Address(host, port)); err == nil {
				return port, l.Close()
			}
		}
	}
	l, err := net.Listen("tcp", Address(host, 0))
	if err != nil {
		return 0, fmt.Errorf("choose a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// PortTaken reports whether something listens on the port at the address.
func PortTaken(host string, port int) bool {
	l, err := net.Listen("tcp", Address(host, port))
	if err == nil {
		l.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// firstEphemeralPort returns the lower end of the kernel's ephemeral range, 0
// when it is not known.
func firstEphemeralPort() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 0
	}
	port, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return port
}

// Address joins a host and a port.
func Address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// Arguments returns the workload's command with "{host}" and "{port}" replaced.
func (w Workload) Arguments(host string, port int) []string {
	replacer := strings.NewReplacer("{host}", host, "{port}", strconv.Itoa(port))
	args := slices.Clone(w.Command)
	for i := range args {
		args[i] = replacer.Replace(args[i])
	}
	return args
}

// searchPath is the PATH that a server gets everywhere.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment returns the whole environment of the server, the same on every
// target but for the address: PATH, HOME, HOST, PORT, GOMAXPROCS where a
// number of CPUs is asked for, and over them the workload's own. It sets no
// GOMEMLIMIT: the memory limit is a hard one everywhere, as on the platforms
// that the targets stand for, and who wants the soft one sets it in Env.
func (w Workload) Environment(host string, port int) []string {
	env := []string{"PATH=" + searchPath, "HOME=/", "HOST=" + host, "PORT=" + strconv.Itoa(port)}
	if n := w.Limits.Processors(); n > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(n))
	}
	return MergeEnvironment(env, w.Env)
}

// MergeEnvironment returns the KEY=VALUE pairs of base with those of over set
// in their place or after them, so that no key is there twice.
func MergeEnvironment(base, over []string) []string {
	merged := slices.Clone(base)
	for _, pair := range over {
		key, _, _ := strings.Cut(pair, "=")
		same := func(other string) bool { return strings.HasPrefix(other, key+"=") }
		if i := slices.IndexFunc(merged, same); i >= 0 {
			merged[i] = pair
		} else {
			merged = append(merged, pair)
		}
	}
	return merged
}

// Processors is the GOMAXPROCS that the limits ask for; 0: unset.
func (l Limits) Processors() int {
	if l.GOMAXPROCS > 0 {
		return l.GOMAXPROCS
	}
	return len(l.CPUs)
}
