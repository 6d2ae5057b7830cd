package timer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Timer waits for points in time as punctually as the system can without keeping a
// processor from anybody. Wait is for one goroutine; Hasten, Interrupt and Polled are
// safe for concurrent use.
//
// It waits on a kernel timer whose descriptor is parked in Go's
// network poller. The kernel's timer is exact to some microseconds, where the
// runtime rounds its own sleeps up to a millisecond, and a parked goroutine
// leaves the processor to the workers. What the kernel then takes to wake the
// thread is avoided by sleeping somewhat less and polling the network for the
// rest, which serves sockets meanwhile and is no busy loop: at high rates it takes
// what the process leaves of most of a processor, and gives way to all other work.
type Timer struct {
	file *os.File
	conn syscall.RawConn
	// Bound once, so that waiting allocates nothing.
	poll  func(fd uintptr) bool
	rearm func(fd uintptr)

	poller *poller
	credit credit
	late   int // waits that were over when they began

	shortest time.Duration // turn of polling; 0: none yet
	polled   atomic.Int64

	mu    sync.Mutex
	until time.Time     // of the running wait; between two the limit of the next, zero for none
	ahead time.Duration // how long before it the kernel's timer shall end
	armed bool          // the kernel's timer is set to until
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
	poller, err := newPoller()
	if err != nil {
		file.Close()
		return nil, err
	}
	t := &Timer{file: file, conn: conn, poller: poller, credit: newCredit()}
	t.poll, t.rearm = t.ready, t.arm
	return t, nil
}

// Wait returns at or after until. It returns earlier when it was hastened, and
// at once when it was interrupted, which RawConn.Read reports as an error.
func (t *Timer) Wait(until time.Time) {
	defer t.end()
	if t.begin(until) <= 0 {
		t.hurry()
		return
	}
	left := t.left()
	slept := left > t.ahead
	for ; left > t.ahead; left = t.left() {
		if err := t.conn.Read(t.poll); err != nil {
			return
		}
	}
	if slept {
		t.credit.woke(t.ahead - left)
	}
	t.pollFor(left)
}

// pollFor polls until the wait, of which so much is left, is over.
func (t *Timer) pollFor(left time.Duration) {
	t.credit.spend(max(left, 0))
	for left > 0 {
		if err := t.poller.poll(); err != nil {
			return
		}
		before := left
		left = t.left()
		t.turn(before - left)
	}
}

// turn takes note of how long a turn of polling took. In some of them something else
// ran: no more is counted of any than twice the shortest, which is polling alone.
func (t *Timer) turn(took time.Duration) {
	if t.shortest == 0 || took > 0 && took < t.shortest {
		t.shortest = took
	}
	t.polled.Add(int64(min(took, 2*t.shortest)))
}

// Polled returns how much processor time the waits have spent on polling, at least.
// It gives way to everything else that the process has to do.
func (t *Timer) Polled() time.Duration { return time.Duration(t.polled.Load()) }

// lateBetweenPolls is how many late waits go by without a look at the network.
const lateBetweenPolls = 8

// hurry is a wait that is over before it begins. Where one follows another, who
// waits never parks, and the answers that others wait for are not looked for: it
// lets the scheduler look now and then.
func (t *Timer) hurry() {
	if t.late++; t.late%lateBetweenPolls == 0 {
		t.poller.poll() // fails when interrupted, and there is nothing to wait for
	}
}

// Hasten makes the running Wait return at until if that is before its own time;
// when none is running, the next one.
func (t *Timer) Hasten(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.until.IsZero() && !until.Before(t.until) {
		return
	}
	t.until = until
	if t.armed {
		t.conn.Control(t.rearm) // fails on a closed timer alone, on which nobody waits
	}
}

func (t *Timer) begin(until time.Time) (left time.Duration) {
	now := time.Now()
	t.credit.grow(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.until.IsZero() || until.Before(t.until) {
		t.until = until
	}
	left = t.until.Sub(now)
	t.ahead = t.credit.ahead(left)
	return left
}

func (t *Timer) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until, t.armed = time.Time{}, false
}

func (t *Timer) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// ready is what RawConn.Read calls before and after parking. The timer is armed
// in the first call, after the poller forgot earlier events; the second call
// consumes the expiry.
func (t *Timer) ready(fd uintptr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.armed {
		t.armed = true
		t.arm(fd)
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

// arm sets the kernel's timer. An expiry that was not consumed is forgotten.
func (t *Timer) arm(fd uintptr) {
	left := max(time.Until(t.until)-t.ahead, 1) // 0 would disarm it
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(left))}
	unix.TimerfdSettime(int(fd), 0, &spec, nil) // has no way to fail with these
}

// Interrupt ends the running Wait and all later ones: every read fails from now
// on.
func (t *Timer) Interrupt() {
	t.file.SetReadDeadline(time.Unix(1, 0))
	t.poller.interrupt()
}

// Close frees the kernel's timer.
func (t *Timer) Close() error { return errors.Join(t.file.Close(), t.poller.close()) }

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
