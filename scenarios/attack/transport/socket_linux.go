package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

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
	info := infoOf(conn)
	if info == nil {
		return -1
	}
	return int64(info.Bytes_acked) - 1 // the SYN is counted; 0 where the kernel counts none
}

// resends reports whether a new connection's first packet (SYN) was sent more than once.
func resends(conn net.Conn) bool {
	info := infoOf(conn)
	return info != nil && info.Total_retrans > 0
}

// infoOf is what the kernel knows of a connection; nil: it is none of TCP.
func infoOf(conn net.Conn) *unix.TCPInfo {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	var info *unix.TCPInfo
	if raw.Control(func(fd uintptr) { info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }) != nil {
		return nil
	}
	return info
}

// direct is a shortcut by system calls of its own: one write, then the wait, then
// one read. Go's net would try to read before it waits, in vain; that and the way
// through it are a tenth of what a request costs.
//
// Waiting so begins with forgetting what the socket has told before, and the one
// thing it tells only once is that the server closed its half. Whoever waits for
// long is therefore nudged, and reads as usual.
type direct struct {
	conn *conn
	raw  syscall.RawConn
	play func(fd uintptr) bool // step, bound once
	out  []byte                // what is still to be written
	at   stage
	n    int // bytes read
	fail syscall.Errno

	// turn is odd while an exchange waits; a nudge makes it even.
	turn atomic.Uint32
	seen uint32 // by the sweeper, the last time
}

type stage int

const (
	writing stage = iota
	stuck         // in the writing
	reading
)

// newDirect returns nil where the connection does not allow it.
func newDirect(c *conn) shortcut {
	if c.Conn != net.Conn(c.link) {
		return nil // TLS is between
	}
	socket, ok := c.link.Conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	d := &direct{conn: c, raw: raw}
	d.play = d.step
	return d
}

// exchange implements shortcut.
func (d *direct) exchange(ctx context.Context, wire []byte) error {
	d.conn.makeRoom()
	d.out, d.at, d.n, d.fail = wire, writing, 0, 0
	turn := d.turn.Add(1)
	err := d.raw.Read(d.play)
	if !d.turn.CompareAndSwap(turn, turn+1) {
		d.conn.client.sweeper.calm(d.conn)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, os.ErrDeadlineExceeded):
			d.readAsUsual(wire)
			return nil
		}
	}
	switch {
	case err != nil:
	case d.at == stuck:
		d.leaveToUpload()
		return nil
	case d.fail != 0:
		err = os.NewSyscallError("read", d.fail)
	case d.n == 0:
		err = io.EOF
	default:
		return d.conn.noteFilled(d.n, nil)
	}
	d.conn.link.noteEnd(err)
	return err
}

// readAsUsual leaves a nudged exchange to reading as usual; one so slow that it was nudged
// before it began has to be written first.
func (d *direct) readAsUsual(wire []byte) {
	if d.at == writing {
		d.conn.Write(wire)
	}
}

// step is called when the socket is first had and then whenever something can be
// read, and returns true to be called no more.
func (d *direct) step(fd uintptr) bool {
	if d.at == writing {
		var n int
		n, d.fail = systemCall(syscall.SYS_WRITE, fd, d.out)
		d.out = d.out[n:]
		d.conn.link.written.Add(int64(n))
		if d.at = reading; len(d.out) > 0 {
			d.at = stuck
		}
		return d.at == stuck
	}
	d.n, d.fail = systemCall(syscall.SYS_READ, fd, d.conn.buf[d.conn.w:])
	return d.fail != syscall.EAGAIN
}

// leaveToUpload leaves to an upload what the socket did not take at once. After a failure
// there is nothing to send: the reading tells what is the matter.
func (d *direct) leaveToUpload() {
	if d.fail == 0 || d.fail == syscall.EAGAIN {
		d.conn.startUpload(d.out, nil)
	}
}

// nudge implements shortcut.
func (d *direct) nudge() {
	turn := d.turn.Load()
	if turn%2 == 1 && turn == d.seen && d.turn.CompareAndSwap(turn, turn+1) {
		d.conn.SetReadDeadline(time.Unix(1, 0))
	}
	d.seen = turn
}

// systemCall reads or writes without telling Go's scheduler, which costs something
// and is of use only where a call may block: the socket's do not.
func systemCall(number, fd uintptr, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
