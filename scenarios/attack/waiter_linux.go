package attack

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// descriptorWaiter waits on a kernel timer whose descriptor is parked in Go's
// network poller. The kernel's timer is exact to some microseconds, where the
// runtime rounds its own sleeps up to a millisecond, and a parked goroutine
// leaves the processor to the workers.
type descriptorWaiter struct {
	file *os.File
	conn syscall.RawConn
	// The state of the running wait, here and not in a closure so that waiting
	// allocates nothing.
	until time.Time
	armed bool
	poll  func(fd uintptr) bool
}

func newWaiter() (waiter, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create kernel timer: %w", err)
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("create kernel timer: %w", err)
	}
	w := &descriptorWaiter{file: file, conn: conn}
	w.poll = w.ready
	return w, nil
}

// wait returns early only when it was interrupted, which RawConn.Read reports
// as an error.
func (w *descriptorWaiter) wait(until time.Time) {
	w.until, w.armed = until, false
	for time.Until(until) > 0 {
		if err := w.conn.Read(w.poll); err != nil {
			return
		}
	}
}

// ready is what RawConn.Read calls before and after parking. The timer is armed
// in the first call, after the poller forgot earlier events; the second call
// consumes the expiry.
func (w *descriptorWaiter) ready(fd uintptr) bool {
	if !w.armed {
		left := time.Until(w.until)
		if left <= 0 {
			return true
		}
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(left))}
		if unix.TimerfdSettime(int(fd), 0, &spec, nil) != nil {
			time.Sleep(left) // cannot happen; and must not become a busy loop
			return true
		}
		w.armed = true
		return false
	}
	var expirations [8]byte
	_, err := unix.Read(int(fd), expirations[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return false
	}
	w.armed = false
	return true
}

// interrupt lets every read fail from now on.
func (w *descriptorWaiter) interrupt() { w.file.SetReadDeadline(time.Unix(1, 0)) }

func (w *descriptorWaiter) close() error { return w.file.Close() }
