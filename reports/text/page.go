package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"servebench/reports/stats"
)

// columns is how wide running text gets.
const columns = 100

// colour is an ANSI colour.
type colour string

const (
	bold   colour = "1"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

func colourOf(v stats.Verdict) colour {
	switch v {
	case stats.Pass:
		return green
	case stats.Inconclusive:
		return yellow
	}
	return red
}

func (p *page) paint(c colour, s string) string {
	if !p.style.Colour || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// line writes one line. Writing to the buffer cannot fail.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *page) space() { p.line("") }

func (p *page) table(t *table) {
	for i, line := range t.lines() {
		if i == 0 {
			line = p.paint(bold, line)
		}
		p.line("%s", line)
	}
}

// wrapped breaks text between words; lines after the first are indented.
func (p *page) wrapped(indent, text string) {
	width := 0
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		n := visible(word)
		switch {
		case i == 0:
		case width+1+n > columns:
			b.WriteString("\n" + indent)
			width = utf8.RuneCountInString(indent)
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += n
	}
	p.line("%s", b.String())
}

// visible is the width of a word without its colours.
func visible(word string) int {
	for {
		start := strings.Index(word, "\x1b[")
		if start < 0 {
			return utf8.RuneCountInString(word)
		}
		end := strings.IndexByte(word[start:], 'm')
		if end < 0 {
			return utf8.RuneCountInString(word)
		}
		word = word[:start] + word[start+end+1:]
	}
}

// clean makes text from outside fit for a terminal, which control characters could
// colour or move.
func clean(s string) string { return stats.Plain(s) }

func short(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}
