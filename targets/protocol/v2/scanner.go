package v2

import (
	"encoding/json"
	"fmt"
)

// maxDepth bounds how deep a document may nest; far beyond any tensor.
const maxDepth = 64

// scanner reads JSON (RFC 8259) from memory in one pass, without reflection
// and without allocating: its object and array methods are range functions
// whose body must consume each value. Beyond the RFC it takes the bare numbers
// NaN, Infinity and -Infinity, as Python's json module writes them.
//
// The first fault of syntax stays in err and exhausts the input, so callers
// check once, at the end.
type scanner struct {
	src   []byte
	pos   int
	depth int
	err   error
}

// peek skips white space and returns the next byte; 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// accept consumes c when it is next, white space before it included.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c || s.pos == len(s.src) {
		return false
	}
	s.pos++
	return true
}

// fail records the first fault and exhausts the input.
func (s *scanner) fail(want string) {
	if s.err == nil {
		got := "the end"
		if s.pos < len(s.src) {
			got = fmt.Sprintf("%q", s.src[s.pos])
		}
		s.err = fmt.Errorf("byte %d: want %s, got %s", s.pos, want, got)
	}
	s.pos = len(s.src)
}

func (s *scanner) expectEnd() {
	if s.peek(); s.err == nil && s.pos < len(s.src) {
		s.fail("the end")
	}
}

func (s *scanner) enter(open byte, want string) bool {
	if !s.accept(open) {
		s.fail(want)
		return false
	}
	if s.depth++; s.depth > maxDepth {
		s.fail(fmt.Sprintf("no more than %d levels", maxDepth))
		return false
	}
	return true
}

// object yields each key of the object that is next. The key is valid until
// the source is.
func (s *scanner) object(yield func(key []byte) bool) {
	if !s.enter('{', "an object") {
		return
	}
	defer func() { s.depth-- }()
	if s.accept('}') {
		return
	}
	for s.err == nil {
		s.peek()
		key := s.str()
		if !s.accept(':') {
			s.fail("':'")
			return
		}
		if !yield(key) || s.accept('}') {
			return
		}
		if !s.accept(',') {
			s.fail("',' or '}'")
		}
	}
}

// array yields each index of the array that is next.
func (s *scanner) array(yield func(i int) bool) {
	if !s.enter('[', "an array") {
		return
	}
	defer func() { s.depth-- }()
	if s.accept(']') {
		return
	}
	for i := 0; s.err == nil; i++ {
		if !yield(i) || s.accept(']') {
			return
		}
		if !s.accept(',') {
			s.fail("',' or ']'")
		}
	}
}

// str consumes a string and returns its contents: a part of the source unless
// it holds escapes.
func (s *scanner) str() []byte {
	if !s.accept('"') {
		s.fail("a string")
		return nil
	}
	start, escaped := s.pos, false
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			s.pos++
			if escaped {
				return s.unescape(start - 1)
			}
			return s.src[start : s.pos-1]
		case c == '\\':
			escaped = true
			s.pos += 2
		case c < ' ':
			s.fail("no control character in a string")
		default:
			s.pos++
		}
	}
	s.pos = len(s.src) // a backslash at the end went one further
	s.fail("a closing '\"'")
	return nil
}

// unescape decodes the string that stands between start, its opening quote,
// and the position. Escapes are rare, so the library does it.
func (s *scanner) unescape(start int) []byte {
	var text string
	if err := json.Unmarshal(s.src[start:s.pos], &text); err != nil {
		s.pos = start
		s.fail("a string with valid escapes")
		return nil
	}
	return []byte(text)
}

func (s *scanner) skipValue() {
	switch c := s.peek(); c {
	case '{':
		for range s.object {
			s.skipValue()
		}
	case '[':
		for range s.array {
			s.skipValue()
		}
	case '"':
		s.str()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

func (s *scanner) literal(word string) {
	s.peek()
	if rest := s.src[s.pos:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		s.fail("a value")
		return
	}
	s.pos += len(word)
}

func (s *scanner) nextKind() string {
	switch c := s.peek(); {
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

// number consumes a number and returns its text: by RFC 8259's grammar, or one
// of NaN, Infinity, -Infinity.
func (s *scanner) number() []byte {
	switch s.peek() {
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
			return s.src[start:s.pos]
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
	return s.src[start:s.pos]
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == start {
		s.fail("a value")
	}
	return s.pos > start && s.err == nil
}

func (s *scanner) word(text string) []byte {
	start := s.pos
	s.literal(text)
	if s.err != nil {
		return nil
	}
	return s.src[start:s.pos]
}
