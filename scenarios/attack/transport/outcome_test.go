package transport

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var errLong = errors.New("too long")

// TestReceive keeps of an answer as much as is wanted, and drops the rest as it comes.
func TestReceive(t *testing.T) {
	const most = 1 << 20
	for _, c := range []struct {
		name    string
		most    int
		tooLong error
		length  int64
		kept    int
		err     error
	}{
		{"limited", 2000, nil, 64 << 20, 2000, nil},
		{"limited, shorter", 2000, nil, 1999, 1999, nil},
		{"whole", most, errLong, most, most, nil},
		{"whole, longer", most, errLong, most + 1, most, errLong},
		{"nothing of it", 0, nil, 100, 0, nil},
		{"empty", most, errLong, 0, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := bytes.Repeat([]byte("0123456789abcdef"), int(c.length/16+1))[:c.length]
			o := &Outcome{Limit: func(int) (int, error) { return c.most, c.tooLong }, Body: make([]byte, 3, 100)}
			o.Reset()
			err := o.receive(200, "200 OK", nil, iotest.HalfReader(bytes.NewReader(body)))
			if !errors.Is(err, c.err) || o.Length != c.length || !bytes.Equal(o.Body, body[:c.kept]) {
				t.Errorf("kept %d of %d bytes, %v; want %d of %d, %v", len(o.Body), o.Length, err, c.kept, c.length, c.err)
			}
			if cap(o.Body) > 2*c.kept+1024 {
				t.Errorf("room for %d bytes to keep %d", cap(o.Body), c.kept)
			}
		})
	}
}

// TestReceivePassesErrorsOn wants the error of a body that is cut off, in what is kept
// and in what is dropped.
func TestReceivePassesErrorsOn(t *testing.T) {
	for _, tooLong := range []error{nil, errLong} {
		for _, length := range []int{0, 100, 2000, 100_000} {
			if tooLong != nil && length > 2000 {
				continue
			}
			o := &Outcome{Limit: func(int) (int, error) { return 2000, tooLong }}
			cut := io.MultiReader(strings.NewReader(strings.Repeat("x", length)), iotest.ErrReader(io.ErrUnexpectedEOF))
			if err := o.receive(200, "200 OK", nil, cut); !errors.Is(err, io.ErrUnexpectedEOF) || o.Length != int64(length) || len(o.Body) != min(length, 2000) {
				t.Errorf("%d bytes: kept %d of %d, %v", length, len(o.Body), o.Length, err)
			}
		}
	}
}

// TestReceiveStamps takes when each part of a body came, those that are dropped
// included, and nothing where that is not asked for.
func TestReceiveStamps(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []string
		ends  []int64
	}{
		{"parts", []string{"ab", "c", "defg"}, []int64{2, 3, 7}},
		{"no body", nil, nil},
	} {
		o := &Outcome{Zero: time.Now().Add(-time.Second), Limit: func(int) (int, error) { return 3, nil }}
		for _, stamped := range []bool{false, true} {
			o.Reset()
			o.Stamped = stamped
			var parts []io.Reader
			for _, part := range c.parts {
				parts = append(parts, strings.NewReader(part))
			}
			if err := o.receive(200, "200 OK", nil, io.MultiReader(parts...)); err != nil {
				t.Fatal(err)
			}
			if !stamped {
				if o.FirstByte != 0 || len(o.Chunks) != 0 {
					t.Errorf("%s: %v and %v, want no stamps", c.name, o.FirstByte, o.Chunks)
				}
				continue
			}
			if o.FirstByte < time.Second || len(o.Chunks) != len(c.ends) {
				t.Fatalf("%s: first byte at %v, chunks %v; want it after a second, and %v", c.name, o.FirstByte, o.Chunks, c.ends)
			}
			for i, chunk := range o.Chunks {
				if chunk.End != c.ends[i] || chunk.At < o.FirstByte || i > 0 && chunk.At < o.Chunks[i-1].At {
					t.Errorf("%s: chunks %v from %v on, want them to end at %v, in order", c.name, o.Chunks, o.FirstByte, c.ends)
				}
			}
		}
	}
}
