package container

import (
	"bytes"
	"testing"
)

// TestStream hands on the rest of a stream, however it is cut into pieces.
func TestStream(t *testing.T) {
	const all = "the beginning, the rest"
	for skip := range len(all) + 5 {
		for piece := 1; piece <= len(all); piece++ {
			var got bytes.Buffer
			s := &stream{to: &got, skip: int64(skip)}
			for left := []byte(all); len(left) > 0; {
				n := min(piece, len(left))
				if written, err := s.Write(left[:n]); written != n || err != nil {
					t.Fatalf("Write of %d bytes = %d, %v", n, written, err)
				}
				left = left[n:]
			}
			if want := all[min(skip, len(all)):]; got.String() != want || s.size != int64(len(all)) {
				t.Errorf("without %d bytes in pieces of %d: %q of %d bytes, want %q of %d", skip, piece, got.String(), s.size, want, len(all))
			}
		}
	}
}
