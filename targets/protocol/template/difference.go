package template

import "fmt"

// before and after are how many bytes of two bodies are shown around the first
// one that differs.
const (
	before = 16
	after  = 48
)

// difference says where two bodies part, with an excerpt of both.
func difference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("the body differs from byte %d on: %s, want %s", at, excerpt(got, at), excerpt(want, at))
}

// excerpt quotes a body around a byte, and says how long all of it is.
func excerpt(body string, at int) string {
	from, to := max(0, at-before), min(len(body), at+after)
	text := fmt.Sprintf("%q", body[from:to])
	if from > 0 {
		text = "…" + text
	}
	if to < len(body) {
		text += "…"
	}
	return fmt.Sprintf("%s (%d bytes)", text, len(body))
}
