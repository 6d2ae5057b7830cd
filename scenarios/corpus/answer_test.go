package corpus

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// beginning is written, whose answers are judged by their first 2000 bytes.
type beginning struct{ written }

func (beginning) BodyLimit() int { return 2000 }

// TestRead keeps of an answer what is needed to check it, and drops the rest as it
// comes.
func TestRead(t *testing.T) {
	limited, err := Fixed(beginning{})
	if err != nil {
		t.Fatal(err)
	}
	whole := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	for _, m := range []struct {
		name   string
		corpus *Corpus
		status int
		length int64
		kept   int
		err    error
	}{
		{"limited", limited, 418, 64 << 20, 2000, nil},
		{"limited, shorter", limited, 418, 1999, 1999, nil},
		{"limited, of another status", limited, 200, 64 << 20, shown, nil},
		{"whole", whole, 200, MaxAnswer, MaxAnswer, nil},
		{"whole, longer", whole, 200, MaxAnswer + 1, MaxAnswer, ErrTooLong},
		{"whole, of another status", whole, 500, MaxAnswer + 1, shown, nil},
		{"empty", whole, 200, 0, 0, nil},
	} {
		t.Run(m.name, func(t *testing.T) {
			body := bytes.Repeat([]byte("0123456789abcdef"), int(m.length/16+1))[:m.length]
			kept, length, err := m.corpus.Read(m.status, iotest.HalfReader(bytes.NewReader(body)), make([]byte, 3, 100))
			if !errors.Is(err, m.err) || length != m.length || !bytes.Equal(kept, body[:m.kept]) {
				t.Errorf("kept %d of %d bytes, %v; want %d of %d, %v", len(kept), length, err, m.kept, m.length, m.err)
			}
			if cap(kept) > 2*m.kept+1024 {
				t.Errorf("room for %d bytes to keep %d", cap(kept), m.kept)
			}
		})
	}
}

// TestReadPassesErrorsOn wants the error of a body that is cut off, in what is kept and
// in what is dropped.
func TestReadPassesErrorsOn(t *testing.T) {
	limited, err := Fixed(beginning{})
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 100, 100_000} {
		cut := io.MultiReader(strings.NewReader(strings.Repeat("x", length)), iotest.ErrReader(io.ErrUnexpectedEOF))
		if kept, n, err := limited.Read(418, cut, nil); !errors.Is(err, io.ErrUnexpectedEOF) || n != int64(length) || len(kept) != min(length, 2000) {
			t.Errorf("%d bytes: kept %d of %d, %v", length, len(kept), n, err)
		}
	}
}

// TestCheckOfAnswersThatDifferInLength judges two answers alike in what is kept of them
// each by itself.
func TestCheckOfAnswersThatDifferInLength(t *testing.T) {
	c := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	r := respond(t, truth(t, c.Request(0)))
	r.Length = 1 << 20
	c.Check(0, r)
	if r.Length++; c.entries[0].memo.holds(r) {
		t.Error("an answer of another length passes for the one before")
	}
}
