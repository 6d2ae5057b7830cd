package chart

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestBinsKeepEveryAnswer(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var x Span
		h := hdrhistogram.New(1, int64(time.Hour), 3)
		for range 50 {
			if err := h.RecordValue(int64(math.Pow(10, 3+7*rng.Float64()))); err != nil {
				t.Fatal(err)
			}
		}
		x.Add(Milliseconds(h.Min()))
		x.Add(Milliseconds(h.Max()))
		b := BinsOver(x.Padded(2), 60)
		var total int64
		for _, n := range b.Count(h) {
			total += n
		}
		if total != h.TotalCount() || b.N > 60 {
			t.Fatalf("%d of %d answers in %d bins over %v", total, h.TotalCount(), b.N, x)
		}
		if b.Edge(0) > x.Low || b.Edge(b.N) < x.High {
			t.Fatalf("bins from %g to %g do not cover %v", b.Edge(0), b.Edge(b.N), x)
		}
	}
}
