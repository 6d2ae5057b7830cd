package stats

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes one line of text from outside, such as a server's output: without
// control characters, those that turn the direction of writing, and what is no
// UTF-8.
func Plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
