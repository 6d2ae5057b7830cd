package local

import (
	"bytes"
	"strings"
	"sync"

	"servebench/targets"
)

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
