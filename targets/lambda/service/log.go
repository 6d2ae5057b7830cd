package service

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// log is where the function's output and the service's own lines go.
type log struct {
	mu sync.Mutex
	to io.Writer // nil: nowhere
}

// Write implements io.Writer. It never fails: the function does not suffer from
// a log that does.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		_, _ = l.to.Write(p)
	}
	return len(p), nil
}

func (l *log) text(text string) { _, _ = l.Write([]byte(text)) }

// line writes a line of the service's own.
func (l *log) line(format string, args ...any) {
	l.text("lambda: " + fmt.Sprintf(format, args...) + "\n")
}

// tail keeps the last bytes of a request's log. The zero value is ready.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - logTail; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte{}, t.kept...)
}

// output is what the processes of an environment write: it goes to the log and,
// while a request wants it, to that request's.
type output struct {
	to   *log
	tail atomic.Pointer[tail]
}

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	if t := o.tail.Load(); t != nil {
		t.write(p)
	}
	return o.to.Write(p)
}
