package vm

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/vm/guest"
)

// longestLine is how much of an unfinished line is kept: the rest of it is
// output and no event.
const longestLine = 64 * int(targets.KiB)

// panicMark begins what the kernel says when it gives up.
const panicMark = "Kernel panic - not syncing"

// happening is an event of the guest and when it was read.
type happening struct {
	guest.Event
	at time.Time
}

// console is this end of one of the guest's lines: it tells events from everything
// else, hands that on and keeps the end of it for error messages. It is safe for
// concurrent use.
type console struct {
	conn   net.Conn // nil before connect
	token  string
	output io.Writer // nil: nobody gets it

	mu      sync.Mutex
	tail    local.Tail
	line    []byte // not finished yet
	quoted  int    // how much of line was kept
	kept    []byte // not handed on yet
	panicky string // the kernel's last words
}

// connect returns the other end, which QEMU is started with.
func (c *console) connect() (*os.File, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, fmt.Errorf("connect the guest's console: %w", err)
	}
	c.conn = ours
	return theirs, nil
}

func (c *console) close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

// read reads until the line ends, and calls happened for each event.
func (c *console) read(r io.Reader, happened func(happening)) {
	chunk := make([]byte, 64*targets.KiB)
	for {
		n, err := r.Read(chunk)
		at := time.Now()
		for _, e := range c.take(chunk[:n]) {
			happened(happening{e, at})
		}
		if err != nil { // QEMU ended
			c.mu.Lock()
			defer c.mu.Unlock()
			c.keep()
			c.handOn()
			return
		}
	}
}

// take takes what was read and returns the events in it.
func (c *console) take(chunk []byte) []guest.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.handOn()
	var events []guest.Event
	for len(chunk) > 0 {
		n := bytes.IndexByte(chunk, '\n') + 1
		if n == 0 {
			n = len(chunk)
		}
		n = min(n, longestLine-len(c.line))
		c.line, chunk = append(c.line, chunk[:n]...), chunk[n:]
		if !bytes.HasSuffix(c.line, []byte("\n")) && len(c.line) < longestLine {
			break // there is no more
		}
		if bytes.HasSuffix(c.line, []byte("\r\n")) { // as the serial console ends them
			c.line = append(c.line[:len(c.line)-2], '\n')
		}
		e, before, ok := guest.ParseEvent(string(c.line), c.token)
		if ok {
			events = append(events, e)
			c.line = append(c.line[:len(before)], '\n')
		}
		if !ok || before != "" {
			c.keep()
		}
		c.line, c.quoted = c.line[:0], 0
	}
	return events
}

// keep takes the line, or what is there of it, among what is to be handed on. The
// lock is held.
func (c *console) keep() {
	c.kept = append(c.kept, c.line[min(c.quoted, len(c.line)):]...)
	c.quoted = len(c.line)
	if _, words, found := strings.Cut(string(c.line), panicMark); found {
		c.panicky = strings.TrimSpace(panicMark + words)
	}
}

// handOn puts what was kept into the tail, and hands it on. The lock is held.
func (c *console) handOn() {
	if len(c.kept) == 0 {
		return
	}
	_, _ = c.tail.Write(c.kept) // never fails
	if c.output != nil {
		_, _ = c.output.Write(c.kept) // the guest is not to fail for it
	}
	c.kept = c.kept[:0]
}

// end is how the line ended so far.
func (c *console) end() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep()
	c.handOn()
	return c.tail.String()
}

// silence is what quote returns for lines without a word.
const silence = "; nothing else is on the guest's console"

// quote returns what an error message adds to say how the guest's lines ended.
func quote(lines ...*console) string {
	var ends []string
	for _, c := range lines {
		ends = append(ends, c.end())
	}
	text := strings.TrimSpace(strings.Join(ends, "\n"))
	switch {
	case text == "":
		return silence
	case strings.Contains(text, "\n"):
		return "; the guest's console ends:\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
	}
	return "; the guest's console ends: " + text
}

// panicked says how the kernel gave up; "" when it did not.
func (c *console) panicked() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panicky == "" {
		return ""
	}
	return fmt.Sprintf("the guest's kernel gave up (%s)", c.panicky)
}

// pair returns the two ends of a connection: ours, and one to hand to a child.
func pair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock() // no child may have the ends in between
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "console"), os.NewFile(uintptr(ends[1]), "console")
	defer ours.Close() // FileConn has its own
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}
