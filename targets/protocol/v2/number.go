package v2

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

// digits consumes at least one digit.
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
