package secret

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// longestLine is how much of a line is held back before it is looked at in parts.
const longestLine = 64 << 10

// Writer writes text that comes in pieces, with every secret in it replaced by what
// stands for it. A line is handed on when it is complete. It is safe for concurrent use.
type Writer struct {
	keeper  *Keeper
	to      io.Writer
	longest int // that a secret may be
	across  int // that one may be with a line's end in it; 0: none has

	mu   sync.Mutex
	held []byte // not handed on yet
}

// Writer returns what writes to another writer without secrets.
func (k *Keeper) Writer(to io.Writer) *Writer {
	w := &Writer{keeper: k, to: to}
	if k == nil {
		return w
	}
	for _, f := range k.forms {
		// A short one is found by its name, which stands before it.
		w.longest = max(w.longest, len(f.text)+len(f.of.name)+longestBetween)
		if strings.Contains(f.text, "\n") {
			w.across = max(w.across, len(f.text))
		}
	}
	return w
}

// longestBetween is how much may stand between the name of a short secret and its value.
const longestBetween = 64

// Write writes what is complete by now. Its error is that of the other writer.
func (w *Writer) Write(p []byte) (int, error) {
	if w.longest == 0 {
		return w.to.Write(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	upTo := bytes.LastIndexByte(w.held[:max(0, len(w.held)-w.across)], '\n') + 1
	if upTo == 0 && len(w.held) > longestLine+w.longest {
		upTo = len(w.held) - w.longest
	}
	return len(p), w.hand(upTo)
}

// Flush writes what is held back, when nothing more comes.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hand(len(w.held))
}

// hand hands on what is held up to a length, or up to a secret that is longer.
func (w *Writer) hand(upTo int) error {
	if upTo == 0 {
		return nil
	}
	text := string(w.held)
	var clean strings.Builder
	last := 0
	for _, h := range w.keeper.find(text, false) {
		if h.from >= upTo {
			break
		}
		clean.WriteString(text[last:h.from])
		clean.WriteString(h.of.mark)
		last = h.to
	}
	upTo = max(upTo, last)
	clean.WriteString(text[last:upTo])
	w.held = append(w.held[:0], w.held[upTo:]...)
	_, err := io.WriteString(w.to, clean.String())
	return err
}
