package compare

import (
	"maps"
	"strings"
	"testing"

	"servebench/reports/record"
)

func TestSettingsOf(t *testing.T) {
	got := settingsOf("limits: {cpus: 1}\ntargets: [physical, vm]\nload:\n  - {name: a, rate: 5, trace: {file: x}}\n  - b\nseed: 18446744073709551615\n")
	want := map[string]string{"limits.cpus": "1", "targets": "[physical vm]", "load.a.trace.file": "x", "seed": "18446744073709551615"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestModelFilesAreToldByTheirHashes(t *testing.T) {
	of := func(hash string) *record.Run {
		return &record.Run{Scenario: record.Scenario{ModelFile: &record.ModelFile{Name: "mine.ubj", SHA256: hash}}}
	}
	if found := modelFiles(of("ab"), of("ab")); found != nil {
		t.Errorf("the same file differs: %v", found)
	}
	for _, other := range []*record.Run{of("cd"), {}} {
		if found := modelFiles(of("ab"), other); len(found) != 1 || found[0].Kind != Model || found[0].Base != "ab" {
			t.Errorf("found %+v", found)
		}
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

// TestTwoCheckouts holds the paths of a scenario in two folders to be the same.
func TestTwoCheckouts(t *testing.T) {
	for _, tt := range []struct {
		base, fresh string
		same        bool
	}{
		{"/a/bench/x", "/b/c/bench/x", true},
		{"/a/server", "/b/c/server", true}, // beside the folder
		{"[/a/bench/server --port {port}]", "[/b/c/bench/server --port {port}]", true},
		{"[/usr/bin/x /a/bench/y]", "[/usr/bin/x /b/c/bench/y]", true},
		{"/a/bench/x", "/b/c/bench/y", false},
		{"/a/bench/x", "/a/bench/x1", false},
		{"[/a/bench/server --port 1]", "[/b/c/bench/server --port 2]", false},
	} {
		if got := samePaths("/a/bench", tt.base, "/b/c/bench", tt.fresh); got != tt.same {
			t.Errorf("%s and %s: the same %t, want %t", tt.base, tt.fresh, got, tt.same)
		}
	}
}

// TestSecretsDiffer holds two secrets to be a remark, and to be told apart by their hashes.
func TestSecretsDiffer(t *testing.T) {
	const field = "template.headers.Authorization"
	for _, tt := range []struct {
		base, fresh string
		kind, what  string
	}{
		{"${secret:aaaa.11}", "${secret:aaaa.22}", Remark, field},
		{"${secret:aaaa.11}", "${secret:bbbb.11}", Remark, field + " (hashed with two keys)"},
		{"x${secret:aaaa.11}", "y${secret:aaaa.11}", Protocol, field},
		{"${secret:aaaa.11}", "${TOKEN}", Protocol, field},
	} {
		got := keys("", map[string]string{field: tt.base}, map[string]string{field: tt.fresh})
		if len(got) != 1 || got[0].Kind != tt.kind || got[0].What != tt.what {
			t.Errorf("%s and %s: %+v, want a %s of %q", tt.base, tt.fresh, got, tt.kind, tt.what)
		}
	}
}
