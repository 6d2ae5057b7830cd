package secret

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// What comes in pieces has no secret in it, wherever the pieces begin and end, and is
// the same otherwise.
func TestWriter(t *testing.T) {
	k := &Keeper{}
	k.Add("TOKEN", "hunter2-hunter2")
	k.Add("PIN", "12")
	k.Add("KEY_FILE", "-----BEGIN KEY-----\nabcdefgh12345678\nab\n-----END KEY-----")
	text := "starts with TOKEN=hunter2-hunter2\nPIN=12, at 12 o'clock\n" +
		strings.Repeat("a line of the server\n", 50) +
		"-----BEGIN KEY-----\nabcdefgh12345678\nab\n-----END KEY-----\n" +
		strings.Repeat("x", 2*longestLine-7) + "hunter2-hunter2" + strings.Repeat("y", longestLine) + "hunter2-hunter2"
	want := k.RedactWhole(text)
	if strings.Contains(want, "hunter2-hunter2") || strings.Contains(want, "PIN=12") {
		t.Fatal("the secrets are not known")
	}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var to strings.Builder
		w := k.Writer(&to)
		for rest := text; rest != ""; {
			n := min(len(rest), 1+rng.IntN([]int{20, 1000, 70_000}[seed%3]))
			if m, err := w.Write([]byte(rest[:n])); m != n || err != nil {
				t.Fatalf("Write of %d = %d, %v", n, m, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if to.String() != want {
			t.Fatalf("seed %d: %d bytes, want %d, or other ones", seed, to.Len(), len(want))
		}
	}
}

// Lines are written as they come, and all where no secret is known.
func TestWriterHoldsBackNoMoreThanALine(t *testing.T) {
	k := &Keeper{}
	k.Add("TOKEN", "hunter2-hunter2")
	for _, tt := range []struct {
		keeper *Keeper
		want   string
	}{{k, "one\n"}, {nil, "one\ntw"}, {&Keeper{}, "one\ntw"}} {
		var to strings.Builder
		if _, err := tt.keeper.Writer(&to).Write([]byte("one\ntw")); err != nil || to.String() != tt.want {
			t.Errorf("%q, %v, want %q", to.String(), err, tt.want)
		}
	}
}
