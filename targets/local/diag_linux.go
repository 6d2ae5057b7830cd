package local

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

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
