package process

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Owns reports whether one of the processes has the socket that listens on the
// TCP port of this network namespace, so that an answer from the port is known
// to come from the server deployed and not from who took its port. It is true
// as well when that cannot be told: no such socket in sight, or processes of
// another user.
func Owns(pids []int, port int) bool {
	return haveSocket(pids, listeners(port))
}

// Holds reports whether one of the processes has the TCP connection of this
// network namespace that leads from its local end to the remote one. It is true
// as well when that is not known, as with Owns.
func Holds(pids []int, local, remote netip.AddrPort) bool {
	return haveSocket(pids, connections(local, remote))
}

// haveSocket reports whether one of the processes has one of the sockets; true
// when there are none or its files are not to be seen.
func haveSocket(pids []int, inodes []string) bool {
	if len(inodes) == 0 {
		return true
	}
	for _, pid := range pids {
		folder := fmt.Sprintf("/proc/%d/fd", pid)
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrPermission) {
			return true
		}
		for _, entry := range entries {
			link, err := os.Readlink(filepath.Join(folder, entry.Name()))
			if err == nil && slices.Contains(inodes, link) {
				return true
			}
		}
	}
	return false
}

// listeners returns the sockets that listen on the port, as the links in
// /proc/PID/fd name them. The kernel is asked for them alone, since the tables
// in /proc/net take milliseconds to read; they are read where it is not asked.
func listeners(port int) []string {
	if found, err := diagnose(port); err == nil {
		return found
	}
	return readTables("0A", port, 0)
}

// connections returns the sockets of that connection's local end, likewise.
func connections(local, remote netip.AddrPort) []string {
	if found, err := diagnoseConnection(local, remote); err == nil {
		return found
	}
	return readTables("01", int(local.Port()), int(remote.Port()))
}

// readTables reads the sockets of that state and those ports from the tables in
// /proc/net; a remote port of 0 is any.
func readTables(state string, local, remote int) []string {
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		found = append(found, parseSockets(string(text), state, local, remote)...)
	}
	return found
}

// parseSockets reads a table like /proc/net/tcp, see proc_net_tcp in the
// kernel's documentation: the second field is the local address, the third the
// remote one, the fourth the state, of which 01 is ESTABLISHED and 0A LISTEN,
// the tenth the inode.
func parseSockets(table, state string, local, remote int) []string {
	ends := func(field string, port int) bool { return strings.HasSuffix(field, fmt.Sprintf(":%04X", port)) }
	var found []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == state && ends(fields[1], local) && (remote == 0 || ends(fields[2], remote)) {
			found = append(found, "socket:["+fields[9]+"]")
		}
	}
	return found
}
