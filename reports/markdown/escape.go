package markdown

import (
	"strings"

	"servebench/reports/format"
	"servebench/reports/stats"
)

// escaped is text in markdown that stays what it is: no markup, no HTML, no cell of
// its own.
func escaped(s string) string {
	return stats.Markdown(short(format.Plain(s)))
}

// short cuts a text to what a cell of a table or an annotation can hold.
func short(s string) string {
	const longest = 600
	runes := []rune(s)
	if len(runes) <= longest {
		return s
	}
	return string(runes[:longest-1]) + "…"
}

// message and property escape the two parts of a workflow command as GitHub reads it.
// https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
