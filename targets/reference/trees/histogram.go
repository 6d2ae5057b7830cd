package trees

import "math"

// sum holds first and second derivatives of the loss in units of 1/unit. Whole
// numbers add up exactly, whatever the order.
type sum struct{ g, h int64 }

// unit is fine enough to leave a derivative ten digits, and coarse enough for
// 2^27 rows in a sum.
const unit = 1 << 35

func fixed(v float64) int64 { return int64(math.RoundToEven(v * unit)) }

func (s sum) plus(o sum) sum  { return sum{s.g + o.g, s.h + o.h} }
func (s sum) minus(o sum) sum { return sum{s.g - o.g, s.h - o.h} }

func (s sum) first() float64  { return float64(s.g) / unit }
func (s sum) second() float64 { return float64(s.h) / unit }

// histogram holds the sums of a node's rows by feature and bin.
type histogram []sum

func (h histogram) of(feature int) []sum {
	return h[feature*binStride : (feature+1)*binStride]
}

// fill counts the rows into the bins of these features; the others stay 0.
func (h histogram) fill(b binned, features []int, rows []int32, gradients []sum) {
	clear(h)
	for _, f := range features {
		sums, bins := h.of(f), b.bins[f]
		for _, r := range rows {
			s, g := &sums[bins[r]], gradients[r]
			s.g += g.g
			s.h += g.h
		}
	}
}

// subtract takes away the sums of one child and leaves those of the other.
func (h histogram) subtract(child histogram) {
	for i := range h {
		h[i] = h[i].minus(child[i])
	}
}
