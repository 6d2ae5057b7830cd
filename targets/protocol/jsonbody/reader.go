package jsonbody

import (
	"errors"
	"fmt"
	"strings"
)

// maxFaults is how many faults of a document are reported at once.
const maxFaults = 8

// Reader is a Scanner that knows fields: it goes on after a fault that leaves
// the document readable, so that its sender learns of several at once.
type Reader struct {
	Scanner
	List   string // the list being read, such as "inputs"; fields of its items are named by it
	Faults []string
}

// Fault notes what is wrong with a field: "inputs[0].shape: missing".
func (r *Reader) Fault(format string, args ...any) {
	switch {
	case len(r.Faults) < maxFaults:
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	case len(r.Faults) == maxFaults:
		r.Faults = append(r.Faults, "and more")
	}
}

// Problem is what is wrong with the document; nil when nothing is.
func (r *Reader) Problem() error {
	switch {
	case r.Err != nil && len(r.Src) == 0:
		return errors.New("the body is empty")
	case r.Err != nil:
		return fmt.Errorf("body is not valid JSON: %w", r.Err)
	case len(r.Faults) > 0:
		return errors.New(strings.Join(r.Faults, "; "))
	}
	return nil
}

// Field names a field of item i of the list; i is -1 for a field of the document.
func (r *Reader) Field(i int, name string) string {
	if i < 0 {
		return name
	}
	if name == "" {
		return fmt.Sprintf("%s[%d]", r.List, i)
	}
	return fmt.Sprintf("%s[%d].%s", r.List, i, name)
}

// Expect reports whether the next value starts with open, '{', '[' or '"'. If not, it
// is a fault of the field, and skipped.
func (r *Reader) Expect(open byte, i int, name string) bool {
	if r.Peek() == open {
		return true
	}
	if r.Err == nil && !r.Done() {
		want := map[byte]string{'{': "an object", '[': "an array", '"': "a string"}[open]
		r.Fault("%s: want %s, got %s", r.Field(i, name), want, r.Kind())
	}
	r.Skip()
	return false
}

// Shorten keeps what a sender wrote from filling an error message.
func Shorten(text []byte) string {
	const most = 40
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}
