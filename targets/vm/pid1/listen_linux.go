package pid1

import (
	"fmt"
	"os"
	"strings"
	"time"

	"servebench/targets/vm/guest"
)

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
