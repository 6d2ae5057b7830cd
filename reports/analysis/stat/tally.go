package stat

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Never is the value of a request without a good answer: above every limit.
const Never = math.MaxInt64

// bucket counts the values that one histogram bucket holds. The value is the
// bucket's upper end in nanoseconds, which is what hdrhistogram reports.
type bucket struct{ Value, Count int64 }

// Tally is a sparse histogram: the buckets that are not empty, ascending. A
// second of a run fills some hundreds of the 27,000 buckets of a histogram, and
// the resampling behind the intervals touches each of them many times.
type Tally []bucket

// NewTally reads the counts themselves: hdrhistogram's own Distribution lists
// the empty buckets too, which takes most of the time of a long run's analysis.
func NewTally(h *hdrhistogram.Histogram) Tally {
	size := newGeometry(h)
	var t Tally
	for i, n := range h.Export().Counts {
		if n > 0 {
			t = append(t, bucket{size.end(i), n})
		}
	}
	return t
}

// geometry is how a histogram's counts lie in memory: half·2 buckets of 2^unit
// nanoseconds, then half of twice that width, and so on. G. Tene, HdrHistogram,
// AbstractHistogram: "bucket" and "sub bucket".
type geometry struct{ half, unit int }

func newGeometry(h *hdrhistogram.Histogram) geometry {
	finest := 2 * math.Pow10(int(h.SignificantFigures()))
	magnitude := int(math.Ceil(math.Log2(finest)))
	return geometry{
		half: 1 << max(magnitude-1, 0),
		unit: bits.Len64(uint64(max(h.LowestTrackableValue(), 1))) - 1,
	}
}

// end is the largest value that counts in bucket i.
func (g geometry) end(i int) int64 {
	doubled, sub := i/g.half-1, i%g.half+g.half
	if doubled < 0 {
		doubled, sub = 0, sub-g.half
	}
	return int64(sub+1)<<(doubled+g.unit) - 1
}

// Merge merges tallies.
func Merge(tallies []Tally) Tally {
	all := slices.Concat(tallies...)
	slices.SortFunc(all, func(a, b bucket) int {
		switch {
		case a.Value < b.Value:
			return -1
		case a.Value > b.Value:
			return 1
		}
		return 0
	})
	merged := all[:0]
	for _, b := range all {
		if last := len(merged) - 1; last >= 0 && merged[last].Value == b.Value {
			merged[last].Count += b.Count
			continue
		}
		merged = append(merged, b)
	}
	return merged
}

// With adds n requests that never got a good answer.
func (t Tally) With(n int64) Tally {
	if n <= 0 {
		return t
	}
	return append(slices.Clone(t), bucket{Never, n})
}

// At is the value of the given rank, from 1; the largest when the rank is
// higher than the total.
func (t Tally) At(rank int64) int64 {
	var n, value int64
	for _, b := range t {
		value = b.Value
		if n += b.Count; n >= rank {
			break
		}
	}
	return value
}

// Rank is the rank of quantile q among n values, from 1: q·n rounded half up,
// as hdrhistogram-go defines it, so that a figure drawn from the histogram
// shows the same value.
func Rank(q float64, n int64) int64 {
	return min(max(int64(q*float64(n)+0.5), 1), max(n, 1))
}

// Display is the tally as a small histogram of two digits (1 %) above a
// microsecond: enough for a cell of a heat map or a point of a time line, in a
// thirtieth of the memory, of which a long run has thousands; nil of none.
func (t Tally) Display() *hdrhistogram.Histogram {
	if len(t) == 0 {
		return nil
	}
	const digits = 2
	lowest := int64(time.Microsecond)
	h := hdrhistogram.New(lowest, max(2*lowest, t[len(t)-1].Value), digits)
	for _, b := range t {
		// Cannot fail: the histogram was made for the largest value.
		_ = h.RecordValues(b.Value, b.Count)
	}
	return h
}

// Total is how many values the tally holds.
func (t Tally) Total() int64 {
	var n int64
	for _, b := range t {
		n += b.Count
	}
	return n
}

// Above is how many values lie above a limit.
func (t Tally) Above(limit int64) int64 {
	var n int64
	for _, b := range t {
		if b.Value > limit {
			n += b.Count
		}
	}
	return n
}

// Mean is the mean of the values that are not Never, in nanoseconds; 0 of none.
func (t Tally) Mean() time.Duration {
	var sum float64
	var n int64
	for _, b := range t {
		if b.Value < Never {
			sum, n = sum+float64(b.Value)*float64(b.Count), n+b.Count
		}
	}
	if n == 0 {
		return 0
	}
	return time.Duration(sum / float64(n))
}
