package local

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"servebench/targets"
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

// The end of a server's output that is kept for error messages.
const (
	tailBytes = 8 * targets.KiB
	tailLines = 10
)

// Tail keeps the end of what is written to it, for error messages: a server
// may write without bound. The zero value is ready; it is safe for concurrent
// use.
type Tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-int(tailBytes)):]...)
	if extra := len(t.kept) - int(tailBytes); extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

// String returns the last lines written, without the blank end. A first line
// whose beginning was dropped is left out.
func (t *Tail) String() string {
	t.mu.Lock()
	text := bytes.TrimRight(t.kept, " \t\r\n")
	if len(t.kept) == int(tailBytes) {
		if _, whole, found := bytes.Cut(text, []byte("\n")); found {
			text = whole
		}
	}
	lines := strings.Split(strings.ToValidUTF8(string(text), "\uFFFD"), "\n")
	t.mu.Unlock()
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Quote returns what an error message adds to say how the output ended:
// "; its output ends: …", the lines of several indented.
func (t *Tail) Quote() string {
	text := t.String()
	switch {
	case text == "":
		return "; it wrote no output"
	case strings.Contains(text, "\n"):
		return "; its output ends:\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
	}
	return "; its output ends: " + text
}
