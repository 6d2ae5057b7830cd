package vm

import (
	"fmt"
	"io"
	"os"

	"servebench/targets"
)

// mostLog is how much of a guest's console is kept in its folder: a server may
// write without bound.
const mostLog = targets.MiB

// logEnd is the last line of a log that holds less than the console had.
const logEnd = "\n[servebench: the rest of the console is not kept]\n"

// openLog opens the log of the machine's console, empty.
func (m *machine) openLog() (*consoleLog, error) {
	f, err := os.OpenFile(m.log(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the guest's console: %w", err)
	}
	return &consoleLog{to: f, room: int(mostLog)}, nil
}

// consoleLog keeps the beginning of what is written to it. After its first
// fault, such as a full disk, it keeps nothing more.
type consoleLog struct {
	to   io.WriteCloser
	room int // bytes that are still kept
}

// Write returns that all was written: what is beyond the bound is dropped.
func (l *consoleLog) Write(p []byte) (int, error) {
	if l.room <= 0 {
		return len(p), nil
	}
	kept := p[:min(len(p), l.room)]
	l.room -= len(kept)
	if _, err := l.to.Write(kept); err != nil {
		l.room = 0
		return 0, err
	}
	if l.room > 0 {
		return len(p), nil
	}
	_, err := io.WriteString(l.to, logEnd)
	return len(p), err
}

// Close closes the file.
func (l *consoleLog) Close() error { return l.to.Close() }
