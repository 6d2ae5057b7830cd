package pid1

import (
	"fmt"
	"io"
	"os"
	"sync"

	"servebench/targets/vm/guest"

	"golang.org/x/sys/unix"
)

// console is where the server's output and the events go, each event on a line
// of its own. It is safe for concurrent use.
type console struct {
	out   io.Writer
	token string

	mu   sync.Mutex
	open bool // the last line written is not finished
}

// Write writes the server's output.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.out.Write(p)
	if n > 0 {
		c.open = p[n-1] != '\n'
	}
	return n, err
}

// say writes an event. Nobody is left to tell when that fails; the host sees
// the event missing.
func (c *console) say(e guest.Event) {
	line, err := e.Line(c.token)
	if err != nil {
		line = fmt.Sprintln(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open {
		line = "\n" + line
	}
	c.open = false
	_, _ = io.WriteString(c.out, line)
}

// quiet makes the terminal hand on what is written as it is, and write nothing
// back of what it reads.
func quiet(terminal *os.File) error {
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return fmt.Errorf("set up the console: %w", err)
	}
	state.Lflag &^= unix.ECHO
	state.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, state); err != nil {
		return fmt.Errorf("set up the console: %w", err)
	}
	return nil
}

// drain waits until all that was written has left the machine.
func drain(terminal *os.File) {
	_ = unix.IoctlSetInt(int(terminal.Fd()), unix.TCSBRK, 1) // the machine ends either way
}
