//go:build unix

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
	_, isTLS := conn.(*tls.Conn)
	sc, ok := socket(conn).(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	n, peeked := 0, error(nil)
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, peeked = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return err == nil && (peeked == unix.EAGAIN || isTLS && n > 0)
}
