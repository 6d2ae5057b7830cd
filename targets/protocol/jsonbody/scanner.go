// Package jsonbody reads and writes the JSON bodies of the protocols that have such: one
// pass over the bytes, without reflection, and with the numbers that Python writes and
// encoding/json refuses. It knows tensors and what is wrong with them, and no protocol.
package jsonbody

import (
	"encoding/json"
	"fmt"
)

// maxDepth bounds how deep a document may nest; far beyond any tensor.
const maxDepth = 64

// Scanner reads JSON (RFC 8259) from memory in one pass, without reflection
// and without allocating: its methods Object and Array are range functions
// whose body must consume each value. Beyond the RFC it takes the bare numbers
// NaN, Infinity and -Infinity, as Python's json module writes them.
//
// The first fault of syntax stays in Err and exhausts the input, so callers
// check once, at the end. The zero Scanner with its Src set is ready.
type Scanner struct {
	Src   []byte
	Err   error
	pos   int
	depth int
}

// Peek skips white space and returns the next byte; 0 at the end.
func (s *Scanner) Peek() byte {
	for ; s.pos < len(s.Src); s.pos++ {
		switch c := s.Src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// Accept consumes c when it is next, white space before it included.
func (s *Scanner) Accept(c byte) bool {
	if s.Peek() != c || s.pos == len(s.Src) {
		return false
	}
	s.pos++
	return true
}

// fail records the first fault and exhausts the input.
func (s *Scanner) fail(want string) {
	if s.Err == nil {
		got := "the end"
		if s.pos < len(s.Src) {
			got = fmt.Sprintf("%q", s.Src[s.pos])
		}
		s.Err = fmt.Errorf("byte %d: want %s, got %s", s.pos, want, got)
	}
	s.pos = len(s.Src)
}

// ExpectEnd makes anything but white space behind the document a fault.
func (s *Scanner) ExpectEnd() {
	if s.Peek(); s.Err == nil && s.pos < len(s.Src) {
		s.fail("the end")
	}
}

func (s *Scanner) enter(open byte, want string) bool {
	if !s.Accept(open) {
		s.fail(want)
		return false
	}
	if s.depth++; s.depth > maxDepth {
		s.fail(fmt.Sprintf("no more than %d levels", maxDepth))
		return false
	}
	return true
}

// Object yields each key of the object that is next. The key is valid until
// the source is.
func (s *Scanner) Object(yield func(key []byte) bool) {
	if !s.enter('{', "an object") {
		return
	}
	defer func() { s.depth-- }()
	if s.Accept('}') {
		return
	}
	for s.Err == nil {
		s.Peek()
		key := s.Text()
		if !s.Accept(':') {
			s.fail("':'")
			return
		}
		if !yield(key) || s.Accept('}') {
			return
		}
		if !s.Accept(',') {
			s.fail("',' or '}'")
		}
	}
}

// Array yields each index of the array that is next.
func (s *Scanner) Array(yield func(i int) bool) {
	if !s.enter('[', "an array") {
		return
	}
	defer func() { s.depth-- }()
	if s.Accept(']') {
		return
	}
	for i := 0; s.Err == nil; i++ {
		if !yield(i) || s.Accept(']') {
			return
		}
		if !s.Accept(',') {
			s.fail("',' or ']'")
		}
	}
}

// Text consumes a string and returns its contents: a part of the source unless
// it holds escapes.
func (s *Scanner) Text() []byte {
	if !s.Accept('"') {
		s.fail("a string")
		return nil
	}
	start, escaped := s.pos, false
	for s.pos < len(s.Src) {
		switch c := s.Src[s.pos]; {
		case c == '"':
			s.pos++
			if escaped {
				return s.unescape(start - 1)
			}
			return s.Src[start : s.pos-1]
		case c == '\\':
			escaped = true
			s.pos += 2
		case c < ' ':
			s.fail("no control character in a string")
		default:
			s.pos++
		}
	}
	s.pos = len(s.Src) // a backslash at the end went one further
	s.fail("a closing '\"'")
	return nil
}

// unescape decodes the string that stands between start, its opening quote,
// and the position. Escapes are rare, so the library does it.
func (s *Scanner) unescape(start int) []byte {
	var text string
	if err := json.Unmarshal(s.Src[start:s.pos], &text); err != nil {
		s.pos = start
		s.fail("a string with valid escapes")
		return nil
	}
	return []byte(text)
}

// Skip consumes a value of any kind.
func (s *Scanner) Skip() {
	switch c := s.Peek(); c {
	case '{':
		for range s.Object {
			s.Skip()
		}
	case '[':
		for range s.Array {
			s.Skip()
		}
	case '"':
		s.Text()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.Number()
	}
}

func (s *Scanner) literal(word string) {
	s.Peek()
	if rest := s.Src[s.pos:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		s.fail("a value")
		return
	}
	s.pos += len(word)
}

// Raw consumes a value of any kind and returns its text.
func (s *Scanner) Raw() []byte {
	s.Peek()
	start := s.pos
	s.Skip()
	return s.Src[start:s.pos:s.pos]
}

// Done reports whether the input is exhausted, be it by a fault.
func (s *Scanner) Done() bool { return s.pos >= len(s.Src) }

// Kind names the kind of the next value: "an object".
func (s *Scanner) Kind() string {
	switch c := s.Peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't', c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	default:
		return "a number"
	}
}

// Number consumes a number and returns its text: by RFC 8259's grammar, or one
// of NaN, Infinity, -Infinity.
func (s *Scanner) Number() []byte {
	switch s.Peek() {
	case 'N':
		return s.word("NaN")
	case 'I':
		return s.word("Infinity")
	}
	start := s.pos
	if s.at('-') {
		s.pos++
		if s.at('I') {
			s.word("Infinity")
			return s.Src[start:s.pos]
		}
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		return nil
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return nil
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return nil
		}
	}
	return s.Src[start:s.pos]
}

func (s *Scanner) at(c byte) bool { return s.pos < len(s.Src) && s.Src[s.pos] == c }

func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.Src) && '0' <= s.Src[s.pos] && s.Src[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == start {
		s.fail("a value")
	}
	return s.pos > start && s.Err == nil
}

func (s *Scanner) word(text string) []byte {
	start := s.pos
	s.literal(text)
	if s.Err != nil {
		return nil
	}
	return s.Src[start:s.pos]
}
