package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel reads a connection together with the kernel's time stamps.
type kernel struct {
	raw     syscall.RawConn
	control [64]byte // room for one time stamp
}

// stampConnections asks the kernel to stamp what arrives on a listener's connections,
// which inherit that from it (see socket(7), SO_TIMESTAMP).
func stampConnections(l net.Listener) error {
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return fmt.Errorf("stamp arrivals: %w", err)
	}
	errControl := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	if err := errors.Join(errControl, err); err != nil {
		return fmt.Errorf("stamp arrivals: %w", errors.Join(err, l.Close()))
	}
	return nil
}

func newStampedConn(conn net.Conn) (net.Conn, error) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("stamp arrivals: %w", errors.Join(err, conn.Close()))
	}
	return &stampedConn{Conn: conn, kernel: kernel{raw: raw}}, nil
}

// Read implements net.Conn.
func (c *stampedConn) Read(b []byte) (int, error) {
	var n, control int
	var failed error
	err := c.raw.Read(func(fd uintptr) bool {
		n, control, _, _, failed = unix.RecvmsgBuffers(int(fd), [][]byte{b}, c.control[:], 0)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	switch err = errors.Join(err, failed); {
	case err != nil:
		return 0, os.NewSyscallError("recvmsg", err)
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	c.stamp = stampIn(c.control[:control])
	return n, nil
}

// stampIn finds the time stamp in a control message; zero where there is none, as of
// bytes that arrived before they were to be stamped.
func stampIn(control []byte) time.Time {
	for len(control) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			at := (*unix.Timespec)(unsafe.Pointer(unsafe.SliceData(data)))
			return time.Unix(at.Unix())
		}
		control = rest
	}
	return time.Time{}
}
