package stats

import "strings"

// Markdown makes text from outside fit for a paragraph, a list or a table's cell of
// Markdown: Plain, and what Markdown or HTML would read as a mark, or a forge as a
// link or as a name to notify, is none.
func Markdown(s string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "!", `\!`,
		"://", "&#58;//", "@", "@\u200b", // a space of no width: a forge looks for names when entities are none any more
	).Replace(Plain(s))
}
