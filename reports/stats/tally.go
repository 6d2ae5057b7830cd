package stats

import (
	"math"
	"math/bits"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// never is the value of a request without a good answer: above every limit.
const never = math.MaxInt64

// bucket counts the values that one histogram bucket holds. The value is the
// bucket's upper end in nanoseconds, which is what hdrhistogram reports.
type bucket struct{ value, count int64 }

// tally is a sparse histogram: the buckets that are not empty, ascending. A
// second of a run fills some hundreds of the 27,000 buckets of a histogram, and
// the resampling behind the intervals touches each of them many times.
type tally []bucket

// newTally reads the counts themselves: hdrhistogram's own Distribution lists
// the empty buckets too, which takes most of the time of a long run's analysis.
func newTally(h *hdrhistogram.Histogram) tally {
	size := newGeometry(h)
	var t tally
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

// sum merges tallies.
func sum(tallies []tally) tally {
	all := slices.Concat(tallies...)
	slices.SortFunc(all, func(a, b bucket) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	merged := all[:0]
	for _, b := range all {
		if last := len(merged) - 1; last >= 0 && merged[last].value == b.value {
			merged[last].count += b.count
			continue
		}
		merged = append(merged, b)
	}
	return merged
}

// with adds n requests that never got a good answer.
func (t tally) with(n int64) tally {
	if n <= 0 {
		return t
	}
	return append(slices.Clone(t), bucket{never, n})
}

// at is the value of the given rank, from 1; the largest when the rank is
// higher than the total.
func (t tally) at(rank int64) int64 {
	var n, value int64
	for _, b := range t {
		value = b.value
		if n += b.count; n >= rank {
			break
		}
	}
	return value
}

// rank is the rank of quantile q among n values, from 1: q·n rounded half up,
// as hdrhistogram-go defines it, so that a figure drawn from the histogram
// shows the same value.
func rank(q float64, n int64) int64 {
	return min(max(int64(q*float64(n)+0.5), 1), max(n, 1))
}
