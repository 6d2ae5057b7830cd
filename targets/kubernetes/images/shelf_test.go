package images

import (
	"slices"
	"strings"
	"testing"
)

func TestGoingWith(t *testing.T) {
	const listed = `REF TYPE DIGEST SIZE PLATFORMS LABELS
servebench.local/pause:1   application/a sha256:p 1.4 MiB linux/amd64 managed
servebench.local/server:1  application/a sha256:s 8.8 MiB linux/amd64 managed
servebench.local/server:2  application/a sha256:s 8.8 MiB linux/amd64 managed
servebench.local/server:3  application/a sha256:t 8.8 MiB linux/amd64 managed
sha256:config-of-p         application/a sha256:p 1.4 MiB linux/amd64 managed
sha256:config-of-s         application/a sha256:s 8.8 MiB linux/amd64 managed
sha256:config-of-t         application/a sha256:t 8.8 MiB linux/amd64 managed
`
	for reference, want := range map[string][]string{
		"servebench.local/server:1": {"servebench.local/server:1"}, // server:2 is the same image
		"servebench.local/server:3": {"servebench.local/server:3", "sha256:config-of-t"},
		"servebench.local/server:4": {"servebench.local/server:4"}, // gone already
	} {
		if got := goingWith(listed, reference); !slices.Equal(got, want) {
			t.Errorf("goingWith(%q) = %q, want %q", reference, got, want)
		}
	}
}

// A name that is no repository's is refused with what is wrong with it.
func TestReadRepository(t *testing.T) {
	for text, want := range map[string]string{
		"registry.example/team/bench": "",
		"127.0.0.1:5999/bench":        "",
		"127.0.0.1:5999/x":            "between 2 and 255 characters",
		"registry.example/Team":       "can only contain the characters",
		"registry.example/team:1":     "can only contain the characters",
	} {
		_, err := ReadRepository(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
