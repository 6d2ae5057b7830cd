package local

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"syscall"
)

// The part of the kernel's socket diagnosis that is used, see sock_diag(7).
const (
	netlinkDiag   = 4       // NETLINK_SOCK_DIAG
	diagByFamily  = 20      // SOCK_DIAG_BY_FAMILY
	tcpListen     = 1 << 10 // the state LISTEN as a bit
	diagRequest   = 16 + 56 // nlmsghdr and inet_diag_req_v2
	diagInode     = 68      // offset of the inode in inet_diag_msg
	diagPort      = 4       // offset of the local port in inet_diag_msg, big endian
	diagReplySize = 72      // of inet_diag_msg
	diagBuffer    = 1 << 15
)

// diagnose asks the kernel for the sockets that listen on the port.
func diagnose(port int) ([]socket, error) {
	return ask(port, diagQuestion(syscall.AF_INET, port), diagQuestion(syscall.AF_INET6, port))
}

// diagnoseConnection asks the kernel for the local end of a connection. It fails
// when there is none.
func diagnoseConnection(local, remote netip.AddrPort) ([]socket, error) {
	found, err := ask(int(local.Port()), connectionQuestion(local, remote))
	if err == nil && len(found) == 0 {
		err = errRefused
	}
	return found, err
}

// errRefused is the kernel's answer to a question that it does not take.
var errRefused = errors.New("the kernel refuses socket diagnosis")

// ask sends the questions and returns the sockets on the port that the answers
// name.
func ask(port int, questions ...[]byte) ([]socket, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkDiag)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	patience := syscall.Timeval{Sec: 1} // the answer takes microseconds
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience); err != nil {
		return nil, err
	}
	var found []socket
	for _, q := range questions {
		if err := syscall.Sendto(fd, q, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
			return nil, err
		}
		some, err := diagAnswers(fd, port)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// diagQuestion asks for all listening TCP sockets of the family on the port.
func diagQuestion(family byte, port int) []byte {
	q := make([]byte, diagRequest)
	binary.NativeEndian.PutUint32(q[0:], diagRequest)
	binary.NativeEndian.PutUint16(q[4:], diagByFamily)
	binary.NativeEndian.PutUint16(q[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_DUMP)
	q[16], q[17] = family, syscall.IPPROTO_TCP
	binary.NativeEndian.PutUint32(q[20:], tcpListen)
	binary.BigEndian.PutUint16(q[24:], uint16(port))
	return q
}

// connectionQuestion asks for the one TCP socket that has the connection.
func connectionQuestion(local, remote netip.AddrPort) []byte {
	family := byte(syscall.AF_INET6)
	if local.Addr().Is4() {
		family = syscall.AF_INET
	}
	q := diagQuestion(family, int(local.Port()))
	binary.NativeEndian.PutUint16(q[6:], syscall.NLM_F_REQUEST)
	binary.NativeEndian.PutUint32(q[20:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(q[26:], remote.Port())
	copy(q[28:44], local.Addr().AsSlice())
	copy(q[44:60], remote.Addr().AsSlice())
	binary.NativeEndian.PutUint64(q[64:], ^uint64(0)) // whichever socket it is: INET_DIAG_NOCOOKIE
	return q
}

// diagAnswers reads until the kernel says that this was all, or sends the one
// answer that is no list.
func diagAnswers(fd, port int) ([]socket, error) {
	var found []socket
	buf := make([]byte, diagBuffer)
	for {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buf[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			switch {
			case m.Header.Type == syscall.NLMSG_DONE:
				return found, nil
			case m.Header.Type == syscall.NLMSG_ERROR:
				return nil, errRefused
			case len(m.Data) >= diagReplySize:
				at := int(binary.BigEndian.Uint16(m.Data[diagPort:]))
				if port == anyPort || at == port {
					inode := binary.NativeEndian.Uint32(m.Data[diagInode:])
					found = append(found, socket{socketLink(strconv.FormatUint(uint64(inode), 10)), at})
				}
			}
			if m.Header.Flags&syscall.NLM_F_MULTI == 0 {
				return found, nil
			}
		}
	}
}
