package stat

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

// The tally is what the library's own walk over a histogram finds, whatever the
// histogram's geometry.
func TestTallyIsTheHistogram(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, lowest := range []int64{1, 2, 1000, 1024, 5000} {
		for digits := 1; digits <= 4; digits++ {
			h := hdrhistogram.New(lowest, int64(time.Hour), digits)
			for _, v := range []int64{0, 1, lowest, int64(time.Hour)} {
				if err := h.RecordValue(v); err != nil {
					t.Fatal(err)
				}
			}
			for range 1000 {
				if err := h.RecordValue(int64(rng.ExpFloat64() * 1e6)); err != nil {
					t.Fatal(err)
				}
			}
			var want Tally
			for _, bar := range h.Distribution() {
				if bar.Count > 0 {
					want = append(want, bucket{bar.To, bar.Count})
				}
			}
			if diff := cmp.Diff(want, NewTally(h), cmp.AllowUnexported(bucket{})); diff != "" {
				t.Fatalf("lowest %d, %d digits (-library +tally)\n%s", lowest, digits, diff)
			}
		}
	}
}

// A quantile of the tally is the histogram's.
func TestRankIsTheLibrarys(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for n := 1; n < 3000; n += 37 {
		h := hdrhistogram.New(1, int64(time.Hour), 3)
		for range n {
			if err := h.RecordValue(int64(rng.ExpFloat64() * 1e6)); err != nil {
				t.Fatal(err)
			}
		}
		all := NewTally(h)
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
			if got, want := all.At(Rank(q, int64(n))), h.ValueAtQuantile(100*q); got != want {
				t.Errorf("n = %d, q = %v: %d, the library has %d", n, q, got, want)
			}
		}
	}
}

func TestSumKeepsEveryCount(t *testing.T) {
	a := Tally{{1, 2}, {5, 1}, {9, 4}}
	b := Tally{{2, 1}, {5, 3}}
	want := Tally{{1, 2}, {2, 1}, {5, 4}, {9, 4}, {Never, 7}}
	got := Merge([]Tally{a, nil, b.With(7)})
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(bucket{})); diff != "" {
		t.Error(diff)
	}
	if len(b) != 2 {
		t.Error("with changed its tally")
	}
}

func TestMean(t *testing.T) {
	h := hdrhistogram.New(1, int64(time.Hour), 3)
	for _, v := range []int64{1000, 1000, 4000} {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	if mean := NewTally(h).With(5).Mean(); mean < 2000 || mean > 2010 {
		t.Errorf("mean %v of 1, 1 and 4 µs and of five that failed, want 2 µs", mean)
	}
	if mean := Tally(nil).Mean(); mean != 0 {
		t.Errorf("mean %v of none", mean)
	}
}
