package record

import (
	"math/rand/v2"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestEncoderAgainstTheLibrary has the library read what is encoded, of histograms
// of many shapes, one after the other by one encoder.
func TestEncoderAgainstTheLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	e := newEncoder()
	for round := range 300 {
		h := NewHistogram()
		spread := rng.Float64() * 3.6e12
		for range rng.IntN(400) * (round % 7) {
			if err := h.RecordValues(int64(rng.ExpFloat64()*spread/1e4), 1+rng.Int64N(1<<rng.IntN(40))); err != nil {
				continue // beyond an hour
			}
		}
		switch round {
		case 1:
			h.RecordValue(0)
		case 2:
			h.RecordValue(int64(Highest))
		case 3: // a single zero between two counts
			h.RecordValue(1)
			h.RecordValue(3)
		}
		text, err := e.encode(h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hdrhistogram.Decode(text)
		if err != nil {
			t.Fatalf("round %d: the library does not read it: %v", round, err)
		}
		if !got.Equals(h) {
			t.Fatalf("round %d: the library reads %d values, want %d", round, got.TotalCount(), h.TotalCount())
		}
	}
}

// BenchmarkEncode encodes a second's histogram, as is done beside the load, and as
// the library does it.
func BenchmarkEncode(b *testing.B) {
	h := NewHistogram()
	rng := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		h.RecordValue(200_000 + int64(rng.ExpFloat64()*300_000))
	}
	e := newEncoder()
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.encode(h); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.EncodeV2(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
