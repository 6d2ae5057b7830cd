package vm

import (
	"fmt"
	"io"
	"strings"
	"sync"
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

// console reads the guest's console: it tells events from everything else, hands that
// on and keeps the end of it for error messages. It is safe for concurrent use.
type console struct {
	token  string
	output io.Writer // nil: nobody gets it

	mu      sync.Mutex
	tail    local.Tail
	line    []byte // not finished yet
	quoted  int    // how much of line is in tail and output
	panicky string // the kernel's last words
}

// read reads until the console ends, and calls happened for each event.
func (c *console) read(r io.Reader, happened func(happening)) {
	chunk := make([]byte, 4*targets.KiB)
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
			return
		}
	}
}

// take takes what was read and returns the events in it.
func (c *console) take(chunk []byte) []guest.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var events []guest.Event
	for _, b := range chunk {
		if b == '\r' {
			continue
		}
		if c.line = append(c.line, b); b != '\n' && len(c.line) < longestLine {
			continue
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

// keep puts the line into the tail, and hands it on. The lock is held.
func (c *console) keep() {
	more := c.line[min(c.quoted, len(c.line)):]
	_, _ = c.tail.Write(more) // never fails
	if c.output != nil {
		_, _ = c.output.Write(more) // the guest is not to fail for it
	}
	c.quoted = len(c.line)
	if _, words, found := strings.Cut(string(c.line), panicMark); found {
		c.panicky = strings.TrimSpace(panicMark + words)
	}
}

// quote returns what an error message adds to say how the console ended.
func (c *console) quote() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep()
	text := c.tail.String()
	switch {
	case text == "":
		return "; nothing else is on the guest's console"
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
