package template

import "fmt"

// before and after are how many bytes of two bodies are shown around the first
// one that differs.
const (
	before = 16
	after  = 48
)

// difference says where two bodies part, with an excerpt of both. got is the beginning
// of one that is so long.
func difference(got string, length int, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("the body differs from byte %d on: %s, want %s", at, excerpt(got, length, at), excerpt(want, len(want), at))
}

// excerpt quotes a body around a byte, and says how long all of it is.
func excerpt(body string, length, at int) string {
	from, to := max(0, at-before), min(len(body), at+after)
	text := fmt.Sprintf("%q", body[from:to])
	if from > 0 {
		text = "…" + text
	}
	if to < length {
		text += "…"
	}
	return fmt.Sprintf("%s (%d bytes)", text, length)
}
