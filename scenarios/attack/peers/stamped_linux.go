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

// stampedListener gives connections that know when what was read from them arrived.
type stampedListener struct{ *net.TCPListener }

// listen listens on a free port. The kernel is asked to stamp what arrives on the
// listener's connections, which inherit that from it (see socket(7), SO_TIMESTAMP).
func listen() (net.Listener, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	raw, err := l.SyscallConn()
	if err == nil {
		errControl := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		})
		err = errors.Join(errControl, err)
	}
	if err != nil {
		return nil, fmt.Errorf("stamp arrivals: %w", errors.Join(err, l.Close()))
	}
	return stampedListener{l}, nil
}

// Accept implements net.Listener.
func (l stampedListener) Accept() (net.Conn, error) {
	conn, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("stamp arrivals: %w", errors.Join(err, conn.Close()))
	}
	return &stampedConn{Conn: conn, raw: raw}, nil
}

// stampedConn is a connection of which the kernel says when bytes arrived: that the
// server was late to read them is no fault of who sent them. It is read by one
// goroutine.
type stampedConn struct {
	net.Conn
	raw     syscall.RawConn
	control [64]byte  // room for one time stamp
	stamp   time.Time // of the bytes read last; zero where the kernel said nothing
}

// arrivalTime is when the bytes that were read last from a connection of listen's
// arrived.
func arrivalTime(conn net.Conn) time.Time {
	if stamp := conn.(*stampedConn).stamp; !stamp.IsZero() {
		return stamp
	}
	return time.Now().Round(0) // without the monotonic clock, as the kernel's stamps
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
