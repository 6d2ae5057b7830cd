package v2

import (
	"errors"
	"fmt"
	"strings"
)

// maxFaults is how many faults of a document are reported at once.
const maxFaults = 8

// reader is a scanner that knows fields: it goes on after a fault that leaves
// the document readable, so that its sender learns of several at once.
type reader struct {
	scanner
	tensors string // the list being read: "inputs" or "outputs"
	faults  []string
	binary  bool // a tensor is marked as binary
}

func (r *reader) fault(format string, args ...any) {
	switch {
	case len(r.faults) < maxFaults:
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	case len(r.faults) == maxFaults:
		r.faults = append(r.faults, "and more")
	}
}

// problem is what is wrong with the document; nil when nothing is.
func (r *reader) problem() error {
	switch {
	case r.err != nil:
		return fmt.Errorf("body is not valid JSON: %w", r.err)
	case r.binary:
		return errBinary
	case len(r.faults) > 0:
		return errors.New(strings.Join(r.faults, "; "))
	}
	return nil
}

// field names a field of tensor i; i is -1 for a field of the document.
func (r *reader) field(i int, name string) string {
	if i < 0 {
		return name
	}
	if name == "" {
		return fmt.Sprintf("%s[%d]", r.tensors, i)
	}
	return fmt.Sprintf("%s[%d].%s", r.tensors, i, name)
}

// expect reports whether the next value starts with open. If not, it is a
// fault of the field, and skipped.
func (r *reader) expect(open byte, i int, name string) bool {
	if r.peek() == open {
		return true
	}
	if r.err == nil && r.pos < len(r.src) {
		want := map[byte]string{'{': "an object", '[': "an array", '"': "a string"}[open]
		r.fault("%s: want %s, got %s", r.field(i, name), want, r.next())
	}
	r.skip()
	return false
}
