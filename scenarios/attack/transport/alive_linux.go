package transport

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// alive looks whether an idle connection can carry a request: the server has
// neither closed it nor said anything that nobody asked for. Over TLS it may have
// spoken, of session tickets.
func alive(conn net.Conn, _ time.Time) bool {
	unwanted := int16(unix.POLLIN | unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR)
	if _, plain := conn.(*link); !plain {
		unwanted &^= unix.POLLIN
	}
	sc, ok := linkOf(conn).Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Control(func(fd uintptr) {
		events := []unix.PollFd{{Fd: int32(fd), Events: unwanted}}
		_, err := unix.Poll(events, 0)
		quiet = err == nil && events[0].Revents&unwanted == 0
	})
	return err == nil && quiet
}

// acknowledged returns how many bytes of what was written to a connection the other
// side's kernel has acknowledged; -1: not known.
func acknowledged(conn net.Conn) int64 {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return -1
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1
	}
	var info *unix.TCPInfo
	err = raw.Control(func(fd uintptr) { info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil || info == nil {
		return -1
	}
	return int64(info.Bytes_acked) - 1 // the SYN is counted; 0 where the kernel counts none
}
