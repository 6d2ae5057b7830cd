package record

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The whole of an output is kept, or its beginning and its end, whatever the pieces
// are that it comes in.
func TestOutput(t *testing.T) {
	for _, size := range []int{1, outputHead - 1, outputHead, outputHead + 1, outputHead + outputTail, outputHead + outputTail + 1, 3 * outputTail, 10*outputTail + 12345} {
		for _, most := range []int{100, 70_000, 5 * outputTail} {
			if most == 100 && size > 3*outputTail {
				continue // slow, and nothing new
			}
			t.Run(fmt.Sprintf("%d bytes in pieces of %d", size, most), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(size), uint64(most)))
				whole := make([]byte, size)
				for i := range whole {
					whole[i] = 'a' + byte(rng.IntN(26))
				}
				w := create(t, sample())
				o := w.Output(Trial{Target: "physical", Round: 1})
				for rest := whole; len(rest) > 0; {
					n := 1 + rng.IntN(min(most, len(rest)))
					if m, err := o.Write(rest[:n]); m != n || err != nil {
						t.Fatalf("Write of %d = %d, %v", n, m, err)
					}
					rest = rest[n:]
				}
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				if want := "server/r01-physical.log"; o.Name() != want {
					t.Errorf("name %q, want %q", o.Name(), want)
				}
				kept, err := os.ReadFile(filepath.Join(w.dir, o.Name()))
				if err != nil {
					t.Fatal(err)
				}
				want := whole
				if left := size - outputHead - outputTail; left > 0 {
					gap := fmt.Sprintf("\n[servebench: %d bytes of output are left out here]\n", left)
					want = bytes.Join([][]byte{whole[:outputHead], whole[size-outputTail:]}, []byte(gap))
				}
				if !bytes.Equal(kept, want) {
					t.Errorf("%d bytes are kept, want %d, or other ones", len(kept), len(want))
				}
			})
		}
	}
}

func TestOutputOfNothing(t *testing.T) {
	w := create(t, sample())
	o := w.Output(Trial{Target: "physical", Round: 1})
	if err := o.Close(); err != nil || o.Name() != "" {
		t.Errorf("error %v, name %q", err, o.Name())
	}
	if _, err := os.Stat(filepath.Join(w.dir, outputFolder)); err == nil {
		t.Error("there is a folder for it")
	}
}

// The beginning is on disk before the output is closed, and the output of a trial that
// is made again takes the place of no other.
func TestOutputOfATrialMadeAgain(t *testing.T) {
	w := create(t, sample())
	for i, want := range []string{"server/r01-physical.log", "server/r01-physical_2.log"} {
		o := w.Output(Trial{Target: "physical", Round: 1})
		text := fmt.Sprintf("start %d\n", i)
		if _, err := io.WriteString(o, text); err != nil {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(filepath.Join(w.dir, want)); err != nil || string(kept) != text || o.Name() != want {
			t.Errorf("%q of %s is kept in %s, %v", kept, o.Name(), want, err)
		}
	}
}

// A file that cannot be written is told when all is over, not to the server.
func TestOutputThatCannotBeKept(t *testing.T) {
	w := create(t, sample())
	if err := os.Symlink(t.TempDir(), filepath.Join(w.dir, outputFolder)); err != nil {
		t.Fatal(err)
	}
	o := w.Output(Trial{Target: "physical", Round: 1})
	for range 2 {
		if n, err := io.WriteString(o, "text"); n != 4 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	if err := o.Close(); err == nil || !strings.Contains(err.Error(), "server/r01-physical.log") || o.Name() != "" {
		t.Errorf("error %v, name %q", err, o.Name())
	}
}
