package timer

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Timer waits for points in time as punctually as the system can without
// keeping a processor busy. Wait is for one goroutine; Interrupt is safe for
// concurrent use.
//
// It waits on a kernel timer whose descriptor is parked in Go's
// network poller. The kernel's timer is exact to some microseconds, where the
// runtime rounds its own sleeps up to a millisecond, and a parked goroutine
// leaves the processor to the workers.
type Timer struct {
	file *os.File
	conn syscall.RawConn
	// The state of the running wait, here and not in a closure so that waiting
	// allocates nothing.
	until time.Time
	armed bool
	poll  func(fd uintptr) bool
}

// New makes a timer.
func New() (*Timer, error) {
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
	t := &Timer{file: file, conn: conn}
	t.poll = t.ready
	return t, nil
}

// Wait returns at or after until, or at once when it was interrupted, which
// RawConn.Read reports as an error.
func (t *Timer) Wait(until time.Time) {
	t.until, t.armed = until, false
	for time.Until(until) > 0 {
		if err := t.conn.Read(t.poll); err != nil {
			return
		}
	}
}

// ready is what RawConn.Read calls before and after parking. The timer is armed
// in the first call, after the poller forgot earlier events; the second call
// consumes the expiry.
func (t *Timer) ready(fd uintptr) bool {
	if !t.armed {
		left := time.Until(t.until)
		if left <= 0 {
			return true
		}
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(left))}
		if unix.TimerfdSettime(int(fd), 0, &spec, nil) != nil {
			time.Sleep(left) // cannot happen; and must not become a busy loop
			return true
		}
		t.armed = true
		return false
	}
	var expirations [8]byte
	_, err := unix.Read(int(fd), expirations[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return false
	}
	t.armed = false
	return true
}

// Interrupt ends the running Wait and all later ones: every read fails from now
// on.
func (t *Timer) Interrupt() { t.file.SetReadDeadline(time.Unix(1, 0)) }

// Close frees the kernel's timer.
func (t *Timer) Close() error { return t.file.Close() }
