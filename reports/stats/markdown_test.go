package stats_test

import (
	"strings"
	"testing"

	"servebench/reports/stats"
)

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"p99 2.4 ms":        "p99 2.4 ms",
		"a|b":               `a\|b`,
		"<b>":               "&lt;b&gt;",
		"&lt;":              "&amp;lt;",
		"**x** _y_ `z`":     "\\*\\*x\\*\\* \\_y\\_ \\`z\\`",
		"[a](http://b)":     `\[a\](http&#58;//b)`,
		"two\nlines\x1b[2J": `two lines \[2J`,
		`\|`:                `\\\|`,
	} {
		if got := stats.Markdown(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := stats.Markdown("by @everyone"); strings.Contains(got, "@e") {
		t.Errorf("%q names somebody", got)
	}
}
