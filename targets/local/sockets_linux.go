package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
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
func haveSocket(pids []int, sockets []socket) bool {
	if len(sockets) == 0 {
		return true
	}
	for _, pid := range pids {
		files, err := openFiles(pid)
		if errors.Is(err, fs.ErrPermission) {
			return true
		}
		if holdsOne(files, sockets) {
			return true
		}
	}
	return false
}

// holdsOne reports whether one of the sockets is among the open files.
func holdsOne(files map[int]string, sockets []socket) bool {
	for _, link := range files {
		if slices.ContainsFunc(sockets, func(s socket) bool { return s.link == link }) {
			return true
		}
	}
	return false
}

// Ports returns the TCP ports of this network namespace on which the processes
// listen, sorted.
func Ports(pids []int) []int {
	all := listeners(anyPort)
	var ports []int
	for _, pid := range pids {
		files, _ := openFiles(pid) // gone, or another user's
		for _, s := range all {
			if holdsOne(files, []socket{s}) {
				ports = append(ports, s.port)
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// holder names the process that listens on the port of this network namespace, "" where
// it cannot be seen.
func holder(port int) string {
	sockets := listeners(port)
	for _, s := range processes() {
		if files, err := openFiles(s.pid); err == nil && holdsOne(files, sockets) {
			return fmt.Sprintf("%s (process %d)", CommandName(s.pid), s.pid)
		}
	}
	return ""
}

// backlogMost is more than the kernel lets wait at any port, which is net.core.somaxconn.
const backlogMost = 1<<16 - 1

// DeepenBacklog lets as many connections wait at the port on which a child process listens
// as this machine's kernel lets wait at a server's: how many the process itself asked for
// counts no longer. It needs Linux 5.6 and the right to trace the child.
func DeepenBacklog(child, port int) error {
	fault := func(err error) error { return fmt.Errorf("let more connections wait at port %d: %w", port, err) }
	process, err := unix.PidfdOpen(child, 0)
	if err != nil {
		return fault(err)
	}
	defer unix.Close(process)
	files, err := openFiles(child)
	if err != nil {
		return fault(err)
	}
	sockets := listeners(port)
	for number, link := range files {
		if !holdsOne(map[int]string{number: link}, sockets) {
			continue
		}
		file, err := unix.PidfdGetfd(process, number, 0)
		if err != nil {
			return fault(err)
		}
		defer unix.Close(file)
		if err := unix.Listen(file, backlogMost); err != nil {
			return fault(err)
		}
		return nil
	}
	return fault(errors.New("the process does not listen on it"))
}

// openFiles returns what the open files of a process are by number, as the
// links in /proc/PID/fd name them.
func openFiles(pid int) (map[int]string, error) {
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	files := map[int]string{}
	for _, entry := range entries {
		number, err1 := strconv.Atoi(entry.Name())
		link, err2 := os.Readlink(filepath.Join(folder, entry.Name()))
		if errors.Join(err1, err2) == nil {
			files[number] = link
		}
	}
	return files, nil
}

// socket is a TCP socket, by the link to it in /proc/PID/fd and its local port.
type socket struct {
	link string
	port int
}

// anyPort stands for every port in a question.
const anyPort = 0

// listeners returns the sockets that listen on the port. The kernel is asked for
// them alone, since the tables in /proc/net take milliseconds to read; they are
// read where it is not asked.
func listeners(port int) []socket {
	if found, err := diagnose(port); err == nil {
		return found
	}
	return readTables("0A", port, anyPort)
}

// connections returns the sockets of that connection's local end, likewise.
func connections(local, remote netip.AddrPort) []socket {
	if found, err := diagnoseConnection(local, remote); err == nil {
		return found
	}
	return readTables("01", int(local.Port()), int(remote.Port()))
}

// readTables reads the sockets of that state and those ports from the tables in
// /proc/net.
func readTables(state string, local, remote int) []socket {
	var found []socket
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
func parseSockets(table, state string, local, remote int) []socket {
	var found []socket
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) <= 9 || fields[3] != state {
			continue
		}
		from, err1 := portOf(fields[1])
		to, err2 := portOf(fields[2])
		if errors.Join(err1, err2) == nil && (local == anyPort || from == local) && (remote == anyPort || to == remote) {
			found = append(found, socket{socketLink(fields[9]), from})
		}
	}
	return found
}

// portOf reads the port of an address in such a table, four hexadecimal digits.
func portOf(address string) (int, error) {
	_, port, _ := strings.Cut(address, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	return int(n), err
}

// socketLink is how the links in /proc/PID/fd name a socket.
func socketLink(inode string) string { return "socket:[" + inode + "]" }

// The part of the kernel's socket diagnosis that is used, see sock_diag(7).
const (
	tcpListen     = 1 << 10 // the state LISTEN as a bit
	diagRequest   = 56      // size of inet_diag_req_v2
	diagReplySize = 72      // size of inet_diag_msg
	diagPort      = 4       // offset of the local port in inet_diag_msg, big endian
	diagInode     = 68      // offset of the inode in inet_diag_msg
)

// diagnose asks the kernel for the sockets that listen on the port.
func diagnose(port int) ([]socket, error) {
	var found []socket
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		some, err := askKernel(port, unix.NLM_F_DUMP, diagQuestion(family, tcpListen, port))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// diagnoseConnection asks the kernel for the local end of a connection. It fails
// when there is none.
func diagnoseConnection(local, remote netip.AddrPort) ([]socket, error) {
	family := byte(unix.AF_INET6)
	if local.Addr().Is4() {
		family = unix.AF_INET
	}
	q := diagQuestion(family, ^uint32(0), int(local.Port())) // in any state
	binary.BigEndian.PutUint16(q[10:], remote.Port())
	copy(q[12:28], local.Addr().AsSlice())
	copy(q[28:44], remote.Addr().AsSlice())
	binary.NativeEndian.PutUint64(q[48:], ^uint64(0)) // whichever socket it is: INET_DIAG_NOCOOKIE
	found, err := askKernel(int(local.Port()), 0, q)
	if err == nil && len(found) == 0 {
		err = errors.New("the kernel knows no such connection")
	}
	return found, err
}

// question is a request for TCP sockets, as the kernel reads it.
type question []byte

func (q question) Len() int          { return len(q) }
func (q question) Serialize() []byte { return q }

// diagQuestion asks for the TCP sockets of the family in those states on the port.
func diagQuestion(family byte, states uint32, port int) question {
	q := make(question, diagRequest)
	q[0], q[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(q[4:], states)
	binary.BigEndian.PutUint16(q[8:], uint16(port))
	return q
}

// askKernel returns the sockets on the port that the answers name.
func askKernel(port, flags int, q question) ([]socket, error) {
	request := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, flags)
	request.AddData(q)
	answers, err := request.Execute(unix.NETLINK_INET_DIAG, nl.SOCK_DIAG_BY_FAMILY)
	if err != nil {
		return nil, err
	}
	var found []socket
	for _, answer := range answers {
		if len(answer) < diagReplySize {
			continue
		}
		if at := int(binary.BigEndian.Uint16(answer[diagPort:])); port == anyPort || at == port {
			inode := binary.NativeEndian.Uint32(answer[diagInode:])
			found = append(found, socket{socketLink(strconv.FormatUint(uint64(inode), 10)), at})
		}
	}
	return found, nil
}
