package draft

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRoundRate(t *testing.T) {
	for rate, want := range map[float64]float64{0.02: 1, 1: 1, 9.9: 9, 10: 10, 37: 30, 600: 50} {
		if got := roundRate(rate); got != want {
			t.Errorf("roundRate(%v) = %v, want %v", rate, got, want)
		}
	}
}

// A word of the command that names a file is absolute and taken along, unless a folder that
// is taken along holds it; other words stay as they are.
func TestWords(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"app.py", "in/model.bin", "app"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := &maker{Options: Options{Command: `python3 app.py --model=in/model.bin --name 'a b' app in`, Files: []string{"in"}}}
	words, err := m.words()
	want := []string{"python3", filepath.Join(dir, "app.py"), "--model=" + filepath.Join(dir, "in/model.bin"), "--name", "a b", "app", "in"}
	if err != nil || !slices.Equal(words, want) {
		t.Errorf("words %q, %v, want %q", words, err, want)
	}
	if want := []string{"in", filepath.Join(dir, "app.py")}; !slices.Equal(m.Files, want) {
		t.Errorf("files %q, want %q", m.Files, want)
	}
	for _, line := range []string{"a | b", "a > b", "a 'b"} {
		if words, err := (&maker{Options: Options{Command: line}}).words(); err == nil {
			t.Errorf("%s: %q, want an error", line, words)
		}
	}
}
