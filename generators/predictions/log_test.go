package predictions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"servebench/generators"
)

// files are those of a log in memory.
type files struct{ content map[string]*bytes.Buffer }

type file struct{ *bytes.Buffer }

func (file) Close() error { return nil }

func (f *files) create(part int) (File, error) {
	name := fmt.Sprintf("log.%03d", part)
	f.content[name] = &bytes.Buffer{}
	return File{file{f.content[name]}, name}, nil
}

func (f *files) remove(name string) error {
	if f.content[name] == nil {
		return errors.New("no such file: " + name)
	}
	delete(f.content, name)
	return nil
}

// TestRotation wants the log in files of a bounded size, the oldest of which go, those first that
// were there before.
func TestRotation(t *testing.T) {
	f := &files{content: map[string]*bytes.Buffer{"old": {}}}
	l := New(Config{Create: f.create, Remove: f.remove, Names: []string{"old"}})
	l.most = 3000
	head := []byte(`"x":"` + strings.Repeat("x", 800) + `"`)
	for range 3 * (mostFiles + 1) {
		l.Prediction(head, nil, nil, strings.Repeat("y", 100))
	}
	l.Close()
	if names := l.Names(); len(names) != mostFiles || !slices.Equal(names, slices.Sorted(maps.Keys(f.content))) || l.Dropped() != 2 || l.Failure() != "" {
		t.Errorf("%d files are named and %d there, %d dropped (%s); want %d", len(names), len(f.content), l.Dropped(), l.Failure(), mostFiles)
	}
	for name, content := range f.content {
		if int64(content.Len()) > l.most {
			t.Errorf("%s has %d bytes, want at most %d", name, content.Len(), l.most)
		}
	}
}

// TestLines wants what is sensitive to be left out, and any number and text to be JSON.
func TestLines(t *testing.T) {
	features := []generators.Feature{{Name: "a\"b"}, {Name: "salary"}, {Name: "colour", Categories: []string{"red", "blue"}}, {Name: "d"}}
	yes := true
	for _, c := range []struct {
		sensitive []string
		want      string
	}{
		{nil, `{"id":1,"features":{"a\"b":0.5,"salary":1,"colour":"blue","d":null},"prediction":"x�"}{"id":1,"outcome":"y","correct":true}{"id":1,"outcome":"1.5"}`},
		{[]string{"a\"b", "salary"}, `{"id":1,"features":{"colour":"blue","d":null},"prediction":"x�"}{"id":1,"outcome":"y","correct":true}{"id":1,"outcome":"1.5"}`},
		{[]string{"salary", "colour", "d", Prediction, Outcome}, `{"id":1,"features":{"a\"b":0.5}}{"id":1}{"id":1}`},
	} {
		f := &files{content: map[string]*bytes.Buffer{}}
		l := New(Config{Create: f.create, Remove: f.remove, Sensitive: c.sensitive})
		head := []byte(`"id":1`)
		l.Prediction(head, NewColumns(features, c.sensitive), []float32{0.5, 1, 1, float32(math.Inf(1))}, "x\xff")
		l.Outcome(head, "y", &yes)
		l.Outcome(head, "1.5", nil)
		l.Close()
		got := f.content["log.001"].String()
		for line := range strings.Lines(got) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%q is not JSON", line)
			}
		}
		if got = strings.ReplaceAll(got, "\n", ""); got != c.want {
			t.Errorf("without %q: got %s, want %s", c.sensitive, got, c.want)
		}
	}
}

// TestFailure wants nothing to be written after a file could not be made, and why.
func TestFailure(t *testing.T) {
	f := &files{content: map[string]*bytes.Buffer{}}
	full := errors.New("no space left on device")
	l := New(Config{Create: func(part int) (File, error) {
		if part == 2 {
			return File{}, full
		}
		return f.create(part)
	}, Remove: f.remove})
	l.most = 50
	for range 9 {
		l.Prediction([]byte(`"id":1`), nil, nil, "twenty letters, about")
	}
	l.Flush()
	l.Close()
	if l.Failure() != full.Error() || len(f.content) != 1 || strings.Count(f.content["log.001"].String(), "\n") != 1 {
		t.Errorf("%q, %d files, want one of one line", l.Failure(), len(f.content))
	}
}
