package scenarios

import (
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// The parser's time grows with the square of what it reads, and faster still
// with its nesting.
const (
	// maxText bounds the length of a scenario in bytes.
	maxText = 32 << 10
	// maxNesting bounds brackets within brackets and lists within lists; a
	// scenario needs three.
	maxNesting = 16
	// maxMarks bounds anchors, aliases and tags, which are refused anyway.
	maxMarks = 50
)

// legible refuses what is not text or too much of it.
func (r *reader) legible(text []byte) bool {
	if len(text) > maxText {
		r.fault(origin{}, "", fmt.Sprintf("%d bytes long", len(text)), fmt.Sprintf("at most %d bytes", maxText))
		return false
	}
	if utf8.Valid(text) {
		return true
	}
	line, column := 1, 1
	for _, c := range string(text) {
		switch c {
		case utf8.RuneError:
			r.fault(origin{line: line, column: column}, "", "not text in UTF-8", "")
			return false
		case '\n':
			line, column = line+1, 1
		default:
			column++
		}
	}
	return false
}

// shallow refuses what is nested or marked so much that the parser would not
// come back from it in good time.
func (r *reader) shallow(tokens token.Tokens) bool {
	brackets, dashes, marks := 0, 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType:
			if i == 0 || tokens[i-1].Type != token.SequenceEntryType {
				dashes = 0
			}
			dashes++
		case token.AnchorType, token.AliasType, token.TagType:
			marks++
		}
		switch {
		case brackets > maxNesting:
			r.fault(r.place(t), "", "too many brackets within brackets", fmt.Sprintf("at most %d", maxNesting))
			return false
		case dashes > maxNesting:
			r.fault(r.place(t), "", "too many lists within lists", fmt.Sprintf("at most %d", maxNesting))
			return false
		case marks > maxMarks:
			r.fault(r.place(t), "", "YAML anchors, aliases and tags are not supported", "the plain values")
			return false
		}
	}
	return true
}
