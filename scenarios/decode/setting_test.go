package decode

import (
	"strings"
	"testing"
)

// FuzzSplitSettings wants nothing lost but the commas between settings.
func FuzzSplitSettings(f *testing.F) {
	for _, seed := range []string{"", "a=1", "a=1,b=2", "a=[x,b=1],c=2", ",a=1", "a=1, b[0].c=2,", "a={x: 1,b=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := strings.Join(SplitSettings(text), ","); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
