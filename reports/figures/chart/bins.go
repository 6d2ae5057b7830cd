package chart

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bins are fixed logarithmic bins: each decade of milliseconds is cut at the
// same places in every figure and every run.
type Bins struct {
	perDecade int
	first     int // the bin that starts at 10^(first/perDecade) ms
	N         int
}

// BinsOver returns bins that cover the span, wide enough to be at most so many.
func BinsOver(x Span, most int) Bins {
	for _, per := range []int{80, 40, 20, 10, 5, 2} {
		if b := cut(x, per); b.N <= most {
			return b
		}
	}
	return cut(x, 1)
}

func cut(x Span, perDecade int) Bins {
	b := Bins{perDecade: perDecade}
	b.first = b.index(x.Low)
	b.N = b.index(x.High) - b.first + 1
	return b
}

// index returns the absolute number of the bin that holds ms.
func (b Bins) index(ms float64) int {
	return int(math.Floor(math.Log10(ms)*float64(b.perDecade) + 1e-9))
}

// Edge returns the lower edge of the i-th bin, in milliseconds.
func (b Bins) Edge(i int) float64 {
	return math.Pow(10, float64(b.first+i)/float64(b.perDecade))
}

// Count sorts a histogram into the bins.
func (b Bins) Count(h *hdrhistogram.Histogram) []int64 {
	counts := make([]int64, b.N)
	for _, bar := range filled(h) {
		middle := Milliseconds(bar.From + (bar.To-bar.From)/2)
		i := b.index(middle) - b.first
		counts[min(max(i, 0), b.N-1)] += bar.Count
	}
	return counts
}

// filled returns the bars of a histogram that count anything; none of nil.
func filled(h *hdrhistogram.Histogram) []hdrhistogram.Bar {
	var bars []hdrhistogram.Bar
	if h == nil {
		return nil
	}
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			bars = append(bars, b)
		}
	}
	return bars
}

// CountsWithin counts the values within each of the times, which ascend, in milliseconds.
func CountsWithin(h *hdrhistogram.Histogram, times []float64) []int64 {
	counts := make([]int64, len(times))
	bars := filled(h)
	var below int64
	for i, limit := range times {
		for len(bars) > 0 && Milliseconds(bars[0].To) <= limit*(1+1e-9) {
			below += bars[0].Count
			bars = bars[1:]
		}
		counts[i] = below
	}
	return counts
}
