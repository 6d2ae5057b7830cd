package figures

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// bins are fixed logarithmic bins: each decade of milliseconds is cut at the
// same places in every figure and every run.
type bins struct {
	perDecade int
	first     int // the bin that starts at 10^(first/perDecade) ms
	n         int
}

// binsOver returns bins that cover the span, wide enough to be at most so many.
func binsOver(x span, most int) bins {
	for _, per := range []int{80, 40, 20, 10, 5, 2} {
		if b := cut(x, per); b.n <= most {
			return b
		}
	}
	return cut(x, 1)
}

func cut(x span, perDecade int) bins {
	b := bins{perDecade: perDecade}
	b.first = b.index(x.low)
	b.n = b.index(x.high) - b.first + 1
	return b
}

// index returns the absolute number of the bin that holds ms.
func (b bins) index(ms float64) int {
	return int(math.Floor(math.Log10(ms)*float64(b.perDecade) + 1e-9))
}

// edge returns the lower edge of the i-th bin, in milliseconds.
func (b bins) edge(i int) float64 {
	return math.Pow(10, float64(b.first+i)/float64(b.perDecade))
}

// count sorts a histogram into the bins.
func (b bins) count(h *hdrhistogram.Histogram) []int64 {
	counts := make([]int64, b.n)
	if h == nil {
		return counts
	}
	for _, bar := range filled(h) {
		middle := milliseconds(bar.From + (bar.To-bar.From)/2)
		i := b.index(middle) - b.first
		counts[min(max(i, 0), b.n-1)] += bar.Count
	}
	return counts
}
