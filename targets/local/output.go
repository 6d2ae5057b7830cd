package local

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// flow is a process's output on its way from the pipe: under the lock, what was
// taken from the pipe is handed on.
type flow struct {
	sync.Mutex
	pipe syscall.RawConn // nil before there is one
}

// flushTime bounds how long Flush waits, and flushPause is how long in between.
const (
	flushTime  = 100 * time.Millisecond
	flushPause = 20 * time.Microsecond
)

// copy hands the output on until it ends.
func (p *Process) copy(output *os.File, tee io.Writer) {
	to := io.Writer(p.Output)
	if tee != nil {
		to = io.MultiWriter(p.Output, tee)
	}
	pipe, err := output.SyscallConn()
	if err != nil {
		return
	}
	p.flow.Lock()
	p.flow.pipe = pipe
	p.flow.Unlock()
	buffer := make([]byte, 32<<10)
	for ended := false; !ended; {
		err := pipe.Read(func(fd uintptr) bool {
			var some bool
			some, ended = p.pass(int(fd), buffer, to)
			return some || ended
		})
		ended = ended || err != nil
	}
	// What was written before the time for it was up.
	_ = pipe.Control(func(fd uintptr) {
		for range drainMost / len(buffer) {
			if some, _ := p.pass(int(fd), buffer, to); !some {
				return
			}
		}
	})
}

// pass hands on what the pipe holds, up to a buffer, and reports whether that
// was something, and whether it was the end.
func (p *Process) pass(fd int, buffer []byte, to io.Writer) (some, ended bool) {
	p.flow.Lock()
	defer p.flow.Unlock()
	n, err := syscall.Read(fd, buffer)
	switch {
	case n > 0:
		_, _ = to.Write(buffer[:n]) // a tee that fails loses what is its own
		return true, false
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return err == syscall.EINTR, false
	}
	return false, true
}

// Flush waits until all that the process wrote before the call has arrived in
// Output and the Tee, but not for long.
func (p *Process) Flush() {
	for deadline := time.Now().Add(flushTime); !p.flow.empty() && time.Now().Before(deadline); {
		time.Sleep(flushPause)
	}
}

// empty reports whether nothing is in the pipe or between it and the Output.
func (f *flow) empty() bool {
	f.Lock()
	defer f.Unlock()
	if f.pipe == nil {
		return false
	}
	left := 0
	err := f.pipe.Control(func(fd uintptr) { left = unread(int(fd)) })
	return err != nil || left == 0 // closed at the end, when all was read
}
