package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// alive looks whether the server closed the connection since it was opened: a
// server that has said nothing yet and is still there leaves nothing to read.
func (s spareConn) alive() bool {
	sc, ok := s.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, peeked = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return err == nil && peeked == unix.EAGAIN
}
