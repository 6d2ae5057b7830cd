package process

import (
	"encoding/binary"
	"errors"
	"fmt"
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
func diagnose(port int) ([]string, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkDiag)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	patience := syscall.Timeval{Sec: 1} // the answer takes microseconds
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience); err != nil {
		return nil, err
	}
	var found []string
	for _, family := range []byte{syscall.AF_INET, syscall.AF_INET6} {
		if err := syscall.Sendto(fd, diagQuestion(family, port), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
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

// diagAnswers reads until the kernel says that this was all.
func diagAnswers(fd, port int) ([]string, error) {
	var found []string
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
				return nil, errors.New("the kernel refuses socket diagnosis")
			case len(m.Data) >= diagReplySize && int(binary.BigEndian.Uint16(m.Data[diagPort:])) == port:
				found = append(found, fmt.Sprintf("socket:[%d]", binary.NativeEndian.Uint32(m.Data[diagInode:])))
			}
		}
	}
}
