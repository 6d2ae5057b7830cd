package secret

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Redact returns a text with every secret in it replaced by what stands for it, and with
// what an excerpt, cut off by dots (…), has left of one.
func (k *Keeper) Redact(text string) string {
	return k.replace(text, true, markOf)
}

// RedactWhole is Redact for a text that is no excerpt.
func (k *Keeper) RedactWhole(text string) string {
	return k.replace(text, false, markOf)
}

// Command returns an argument of a command line, with the names of variables to fill in
// where secrets were.
func (k *Keeper) Command(argument string) string {
	return k.replace(argument, false, fillOf)
}

func markOf(s known) string { return s.mark }
func fillOf(s known) string { return s.fill }

// replace replaces the secrets in a text, in one pass, so that nothing is replaced in
// what was put in.
func (k *Keeper) replace(text string, excerpt bool, by func(known) string) string {
	if k == nil || text == "" {
		return text
	}
	clean, _ := rewrite(text, len(text), k.find(text, excerpt), by)
	return clean
}

// rewrite replaces the secrets in the beginning of a text, up to a length or to the end
// of a secret that is longer.
func rewrite(text string, upTo int, hits []hit, by func(known) string) (clean string, end int) {
	var b strings.Builder
	for _, h := range hits {
		if h.from-h.context >= upTo {
			break
		}
		b.WriteString(text[end:h.from])
		b.WriteString(by(h.of))
		end = h.to
	}
	upTo = max(upTo, end)
	b.WriteString(text[end:upTo])
	return b.String(), upTo
}

type hit struct {
	from, to int
	of       known
	context  int // bytes before from that it was found by
}

// find returns the secrets in a text in their order, and in an excerpt the parts of them
// as well; none overlaps another.
func (k *Keeper) find(text string, excerpt bool) []hit {
	var hits []hit
	var taken []bool // byte by byte
	take := func(h hit) {
		if taken == nil {
			taken = make([]bool, len(text))
		}
		if h.from < h.to && !slices.Contains(taken[h.from:h.to], true) {
			hits = append(hits, h)
			for i := h.from; i < h.to; i++ {
				taken[i] = true
			}
		}
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, p := range k.patterns {
		for _, at := range p.values.FindAllStringSubmatchIndex(text, -1) {
			mark := k.Mark(p.name, text[at[2]:at[3]])
			take(hit{at[2], at[3], known{mark: mark, fill: mark}, at[2] - at[0]})
		}
	}
	for _, f := range k.forms {
		if f.beside != nil {
			for _, at := range f.beside.FindAllStringIndex(text, -1) {
				if rest, found := strings.CutPrefix(text[at[1]:], f.text); found && endsWord(rest) {
					take(hit{at[1], at[1] + len(f.text), f.of, at[1] - at[0]})
				}
			}
			continue
		}
		for from := 0; ; {
			i := strings.Index(text[from:], f.text)
			if i < 0 {
				break
			}
			take(hit{from: from + i, to: from + i + len(f.text), of: f.of})
			from += i + len(f.text)
		}
	}
	for _, f := range k.forms {
		if excerpt && strings.Contains(text, dots) {
			for _, h := range findCutOff(text, f) {
				take(h)
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.from, b.from) })
	return hits
}

// dots are where an excerpt leaves something out.
const dots = "…"

// findCutOff finds the parts of a secret that an excerpt ends or begins with, beside its dots
// and perhaps a quote between.
func findCutOff(text string, f form) []hit {
	if f.beside != nil || len(f.text) < 2*leastFound {
		return nil
	}
	least := max(leastFound, len(f.text)/4) // fewer could be any word
	var hits []hit
	for from, start := 0, f.text[:leastFound]; ; {
		i := strings.Index(text[from:], start)
		if i < 0 {
			break
		}
		at := from + i
		n := leastFound
		for n < len(f.text) && at+n < len(text) && text[at+n] == f.text[n] {
			n++
		}
		rest := text[at+n:]
		if strings.HasPrefix(strings.TrimLeft(rest, `\"`), dots) && n >= least {
			hits = append(hits, hit{from: at, to: at + n, of: f.of})
		}
		from = at + leastFound
	}
	for from := 0; ; {
		i := strings.Index(text[from:], dots)
		if i < 0 {
			return hits
		}
		from += i + len(dots)
		at := from
		if strings.HasPrefix(text[at:], `"`) {
			at++
		}
		if n := longestTail(text[at:], f.text); n >= least {
			hits = append(hits, hit{from: at, to: at + n, of: f.of})
		}
	}
}

// longestTail is how long the longest part of a secret is that a text begins with, either up to
// the secret's end or up to where the text was cut again.
func longestTail(text, value string) int {
	most := 0
	for k := range value {
		n := 0
		for k+n < len(value) && n < len(text) && text[n] == value[k+n] {
			n++
		}
		if ends := k+n == len(value) || n == len(text) || text[n] == '"' || strings.HasPrefix(text[n:], dots); ends {
			most = max(most, n)
		}
	}
	return most
}

func endsWord(rest string) bool {
	c, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLetter(c) && !unicode.IsDigit(c)
}

// Error returns an error whose text is redacted, and which is the former one otherwise.
func (k *Keeper) Error(err error) error {
	if err == nil || k.Redact(err.Error()) == err.Error() {
		return err
	}
	return &redactedError{err, k}
}

type redactedError struct {
	err    error
	keeper *Keeper
}

func (e *redactedError) Error() string { return e.keeper.Redact(e.err.Error()) }
func (e *redactedError) Unwrap() error { return e.err }

// longestLine is how much of a line is held back before it is looked at in parts.
const longestLine = 64 << 10

// Writer writes text that comes in pieces, with every secret in it replaced by what
// stands for it. A line is handed on when it is complete. It is safe for concurrent use.
type Writer struct {
	keeper *Keeper
	to     io.Writer

	mu   sync.Mutex
	held []byte // not handed on yet
}

// Writer returns what writes to another writer without secrets.
func (k *Keeper) Writer(to io.Writer) *Writer {
	return &Writer{keeper: k, to: to}
}

// extent is how long a secret may be with what it is found by, and how long one with a
// line's end in it; 0: there is none.
func (k *Keeper) extent() (longest, across int) {
	if k == nil {
		return 0, 0
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.longest, k.across
}

// Write writes what is complete by now. Its error is that of the other writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	longest, across := w.keeper.extent()
	if longest == 0 {
		return w.to.Write(p)
	}
	w.held = append(w.held, p...)
	upTo := bytes.LastIndexByte(w.held[:max(0, len(w.held)-across)], '\n') + 1
	if upTo == 0 && len(w.held) > longestLine+longest {
		upTo = len(w.held) - longest
	}
	return len(p), w.handOn(upTo)
}

// Flush writes what is held back, when nothing more comes.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.handOn(len(w.held))
}

// handOn hands on what is held up to a length, or up to a secret that is longer.
func (w *Writer) handOn(upTo int) error {
	if upTo == 0 {
		return nil
	}
	text := string(w.held)
	clean, upTo := rewrite(text, upTo, w.keeper.find(text, false), markOf)
	w.held = append(w.held[:0], w.held[upTo:]...)
	_, err := io.WriteString(w.to, clean)
	return err
}
