package timer

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller makes Go's scheduler look at the network without waiting for it. The
// scheduler does so by itself only when nothing else is to do, or after
// milliseconds.
//
// A goroutine that parks on a descriptor that is ready at once goes on as soon as
// the scheduler has run what was ready before it and has asked the kernel what
// became ready. So whoever polls leaves the processor to others in each turn,
// where a busy loop would keep it from them.
type poller struct {
	file  *os.File
	conn  syscall.RawConn
	turn  func(fd uintptr) bool // bound once, so that polling allocates nothing
	poked bool
}

func newPoller() (*poller, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create event descriptor: %w", err)
	}
	file := os.NewFile(uintptr(fd), "eventfd")
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("create event descriptor: %w", err)
	}
	p := &poller{file: file, conn: conn}
	p.turn = p.poke
	return p, nil
}

// poll lets the scheduler look once. Its error says that the poller was
// interrupted or closed.
func (p *poller) poll() error {
	p.poked = false
	return p.conn.Read(p.turn)
}

// poke is what RawConn.Read calls before and after parking. The descriptor is
// never read: each write to it is an event of its own to the poller, which looks
// for edges, and 2⁶⁴ of them have room.
func (p *poller) poke(fd uintptr) bool {
	if p.poked {
		return true
	}
	p.poked = true
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, err := unix.Write(int(fd), one[:])
	return err != nil // nothing to park for then
}

// interrupt makes every poll fail from now on.
func (p *poller) interrupt() { p.file.SetReadDeadline(time.Unix(1, 0)) }

func (p *poller) close() error { return p.file.Close() }
