package markdown

import (
	"regexp"
	"strings"

	"servebench/reports/format"
)

// escaped is text in markdown that stays what it is: no markup, no HTML, no cell of
// its own.
func escaped(s string) string { return Escape(short(format.Plain(s))) }

// short cuts a text to what a cell of a table or an annotation can hold.
func short(s string) string {
	const longest = 600
	runes := []rune(s)
	if len(runes) <= longest {
		return s
	}
	return string(runes[:longest-1]) + "…"
}

// Escape makes text from outside fit for a paragraph, a list or a table's cell of
// Markdown: Plain, and what Markdown or HTML would read as a mark, or a forge as a
// link, a reference or a name to notify, is none.
func Escape(s string) string {
	s = marks.Replace(format.Plain(s))
	s = webAddress.ReplaceAllString(s, "$1&#46;")
	for _, name := range forgeNames {
		s = name.ReplaceAllString(s, "$1"+noSpace+"$2")
	}
	s = listMark.ReplaceAllString(s, `$1\$2$3`)
	return underline.ReplaceAllString(s, `\$1$2`)
}

// noSpace is a space of no width. A forge looks for names and references when entities are
// none any more, and backslashes are gone.
const noSpace = "\u200b"

var marks = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "!", `\!`, "$", `\$`,
	"://", "&#58;//", "@", "@"+noSpace,
)

var (
	// webAddress is what is linked without a scheme.
	webAddress = regexp.MustCompile(`(?i)(www[0-9]{0,3})\.`)
	// forgeNames are what GitHub and GitLab take for an issue, a merge request, a label
	// and the like, or for an emoji.
	forgeNames = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(\\[#!~$]|&amp;)([0-9a-z])`),
		regexp.MustCompile(`(?i)(GH-)([0-9])`),
		emoji, emoji, // the second finds those that share a colon with the first's
	}
	emoji = regexp.MustCompile(`(?i)(:)([a-z+-][a-z0-9+\\_-]*:|100:|1234:)`)
	// What begins a list, and what is a line or underlines a heading, at the beginning of
	// a text.
	listMark  = regexp.MustCompile(`^([0-9]*)([-+.)])( |$)`)
	underline = regexp.MustCompile(`^([-=])([-= ]*)$`)
)
