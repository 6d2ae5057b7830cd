package process

import (
	"errors"
	"fmt"
	"io/fs"
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
	inodes := listeners(port)
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
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		found = append(found, parseListeners(string(text), port)...)
	}
	return found
}

// parseListeners reads a table like /proc/net/tcp, see proc_net_tcp in the
// kernel's documentation: the second field is the local address, the fourth
// the state, of which 0A is LISTEN, the tenth the inode.
func parseListeners(table string, port int) []string {
	suffix := fmt.Sprintf(":%04X", port)
	var found []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == "0A" && strings.HasSuffix(fields[1], suffix) {
			found = append(found, "socket:["+fields[9]+"]")
		}
	}
	return found
}
