package format_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"servebench/reports/format"
)

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "a b", "\x1b[2J\x1b]0;owned\a\r\n\u202e\x00\xffend", "p99 ≤ 50 ms", "\u2028x\u00a0y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := format.Plain(s)
		if !utf8.ValidString(got) || format.Plain(got) != got {
			t.Errorf("Plain(%q) = %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("Plain(%q) keeps %U", s, r)
			}
		}
	})
}
