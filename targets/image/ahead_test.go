package image

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// What is read ahead is what is read, whatever its length, with the error behind it.
func TestReadAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, aheadSize - 1, aheadSize, aheadSize + 1, aheadBlocks*aheadSize + 7, 3*aheadBlocks*aheadSize + 1} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(rng.Uint32())
		}
		a := readAhead(bytes.NewReader(want))
		got, err := io.ReadAll(a)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d came, %v", size, len(got), err)
		}
		a.Close()
		failure := errors.New("failed")
		a = readAhead(io.MultiReader(bytes.NewReader(want), iotest.ErrReader(failure)))
		if got, err := io.ReadAll(a); !errors.Is(err, failure) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d came, %v, want its failure", size, len(got), err)
		}
		a.Close()
		a = readAhead(io.MultiReader(bytes.NewReader(want), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if got, err := io.ReadAll(a); !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d came, %v, want that it is cut off", size, len(got), err)
		}
		a.Close()
	}
	// Nothing goes on once it is closed.
	a := readAhead(zeros{})
	if _, err := a.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	a.Close()
}

// zeros goes on for ever.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
