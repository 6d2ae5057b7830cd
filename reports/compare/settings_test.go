package compare

import (
	"maps"
	"strings"
	"testing"
)

func TestSettingsOf(t *testing.T) {
	got := settingsOf("limits: {cpus: 1}\ntargets: [physical, vm]\nload:\n  - {name: a, rate: 5, trace: {file: x}}\n  - b\nseed: 18446744073709551615\n")
	want := map[string]string{"limits.cpus": "1", "targets": "[physical vm]", "load.a.trace.file": "x", "seed": "18446744073709551615"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTooMuchText(t *testing.T) {
	got := settingsOf("a: " + strings.Repeat("b", longestText))
	if len(got) != 1 || got[unreadable] == "" {
		t.Errorf("%d settings", len(got))
	}
}

// Whatever stands in a record, it can be read or is said to be unreadable, and is
// like itself.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{"a: {b: 1}", "load: [{name: x, rate: 1}, 3]", "load: {}", "\t: ]", "", "- a", "&a [*a]", "a: &x {b: *x}", "1: {2: 3}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := settingsOf(text)
		if again := settingsOf(text); !maps.Equal(once, again) {
			t.Errorf("%v, and then %v", once, again)
		}
		if found := keys("", once, once); len(found) > 0 {
			t.Errorf("it differs from itself: %v", found)
		}
	})
}
