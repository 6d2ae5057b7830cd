package targets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
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
// does: OnFreePort then starts once more on another one.
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

// portAttempts is how often a start is tried whose port another process took.
const portAttempts = 3

// ErrPortTaken says that another process took the port that was chosen for the
// server before the server had it.
var ErrPortTaken = errors.New("another process took the port chosen for the server")

// OnFreePort chooses a port for the server and calls start with it, and once
// more with another port when start fails with ErrPortTaken.
func OnFreePort(ctx context.Context, host string, start func(port int) (*Deployment, error)) (*Deployment, error) {
	for attempt := 1; ; attempt++ {
		port, err := FreePort(host)
		if err != nil {
			return nil, err
		}
		d, err := start(port)
		if errors.Is(err, ErrPortTaken) && attempt < portAttempts && ctx.Err() == nil {
			continue
		}
		if err == nil && attempt > 1 {
			d.Facts = append(d.Facts, record.Fact{Name: "start", Value: fmt.Sprintf("attempt %d; another process took the port of those before, and the stages are of the last one", attempt)})
		}
		return d, err
	}
}

// Stages returns the stages of a start that Probe.Wait went on with.
func Stages(began, started time.Time, waited []record.Stage) []record.Stage {
	return append([]record.Stage{{Name: Started, At: started.Sub(began)}}, waited...)
}
