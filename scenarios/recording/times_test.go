package recording

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTimes reads every request of a log, whatever its method, in the order of arrival.
func TestTimes(t *testing.T) {
	times, left, is, err := Times(filepath.Join("testdata", "access.log"))
	if err != nil || !is {
		t.Fatalf("%t, %v", is, err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "] \""); len(times)+left < lines || len(times) < 5 || !slices.IsSorted(times) {
		t.Errorf("%d times and %d lines left out of %d", len(times), left, lines)
	}
	if _, _, is, err := Times(filepath.Join("testdata", "targets.txt")); is || err != nil {
		t.Errorf("targets of vegeta are an access log: %t, %v", is, err)
	}
}

func FuzzTimes(f *testing.F) {
	for _, name := range []string{"access.log", "targets.txt"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		times, _, is, err := Times(path)
		if err == nil && (is != (len(times) > 0) || !slices.IsSorted(times)) {
			t.Errorf("%d times, %t", len(times), is)
		}
	})
}
