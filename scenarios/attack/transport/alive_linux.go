package transport

import (
	"crypto/tls"
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
	if _, ok := conn.(*tls.Conn); ok {
		unwanted &^= unix.POLLIN
	}
	sc, ok := socket(conn).(syscall.Conn)
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
