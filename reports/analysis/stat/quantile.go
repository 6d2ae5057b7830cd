// Package stat is the statistics behind every figure: quantiles, shares, means and
// ratios with their intervals, and the tests, each of them once. It knows nothing of
// runs; the packages beside it, which read the record, feed it.
package stat

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/gonum/stat/distuv"
)

// Unit is what a figure is measured in.
type Unit string

// The units of figures.
const (
	Seconds   Unit = "s"
	PerSecond Unit = "1/s"
	Share     Unit = "1"
	Bytes     Unit = "B"
	Dollars   Unit = "USD"
)

// Distribution is a histogram of latencies with its quantiles.
type Distribution struct {
	N         int64
	Quantiles [4]Quantile // p50, p90, p99, p99.9
	Max       time.Duration
	Histogram *hdrhistogram.Histogram // nanoseconds; nil when N is 0
}

// Bound gives the quantiles that are known their intervals.
func (d *Distribution) Bound(all []Bounds) {
	for i, b := range all {
		q := &d.Quantiles[i]
		if q.Known && b.High < Never {
			q.HasInterval, q.Low, q.High = true, time.Duration(b.Low), time.Duration(b.High)
		}
	}
}

// NewDistribution tells the quantiles of a histogram, which may be nil. They
// have no intervals yet.
func NewDistribution(h *hdrhistogram.Histogram) Distribution {
	var d Distribution
	for i, q := range Quantiles() {
		d.Quantiles[i].Q = q
	}
	if h == nil || h.TotalCount() == 0 {
		return d
	}
	d.N, d.Histogram, d.Max = h.TotalCount(), h, time.Duration(h.Max())
	for i, q := range Quantiles() {
		d.Quantiles[i].Known = Known(q, d.N)
		d.Quantiles[i].Value = time.Duration(h.ValueAtQuantile(100 * q))
	}
	return d
}

// Quantile is one quantile with its interval.
type Quantile struct {
	Q     float64
	Known bool // n·(1−q) ≥ 10; false: print "n too small"
	Value time.Duration
	// Low and High bound it at 95 %; both 0 when
	// HasInterval is false.
	HasInterval bool
	Low, High   time.Duration
}

// Needed is how many values the quantile takes to be Known: 10 ÷ (1−q).
func (q Quantile) Needed() int64 { return Needed(q.Q) }

// Quantiles are the ones that a distribution is told by.
func Quantiles() [4]float64 { return [4]float64{0.5, 0.9, 0.99, 0.999} }

// TailCount is how many values have to lie beyond a quantile for it to be known.
const TailCount = 10

// Known says whether n values tell the q quantile: n·(1−q) ≥ TailCount.
func Known(q float64, n int64) bool { return n >= Needed(q) }

// Needed is how many values the q quantile takes: TailCount ÷ (1−q).
func Needed(q float64) int64 {
	// The quantiles are decimal; rounding to a millionth takes away what the
	// binary fraction adds.
	return int64((TailCount/(1-q))*(1-1e-9)) + 1
}

// orderRanks are the ranks of the order statistics, from 1, that hold the q
// quantile between them with a probability of at least 95 %, given n
// independent values: the number of values below the quantile is binomial
// (n, q). H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed. (2003),
// section 7.1. An upper rank of n+1 means that no value bounds it from above, a
// lower one of 0 that none does from below.
func orderRanks(q float64, n int64) (low, high int64) {
	below := distuv.Binomial{N: float64(n), P: q}
	const tail = 0.025
	// The largest low with P(X < low) ≤ tail.
	low = lastTrue(n+1, func(k int64) bool { return k == 0 || below.CDF(float64(k-1)) <= tail })
	// The smallest high with P(X ≥ high) ≤ tail.
	high = 1 + lastTrue(n+1, func(k int64) bool { return k == 0 || 1-below.CDF(float64(k-1)) > tail })
	return low, min(high, n+1)
}

// orderRanksOf are those among n values which tell as much as so many independent ones.
func orderRanksOf(q float64, n, independent int64) (low, high int64) {
	low, high = orderRanks(q, independent)
	if independent == n {
		return low, high
	}
	if high > independent {
		return low * n / max(independent, 1), n + 1
	}
	return low * n / independent, (high*n + independent - 1) / independent
}

// lastTrue is the last k in [0, n) for which holds, which is true up to some k
// and false from there on, is true.
func lastTrue(n int64, holds func(int64) bool) int64 {
	low, high := int64(0), n
	for high-low > 1 {
		middle := low + (high-low)/2
		if holds(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// OrderQuantile is a quantile of ascending values with its exact interval, where
// there are values that bound it on both sides. A median is the mean of the two in the
// middle.
func OrderQuantile(q float64, sorted []time.Duration) Quantile {
	n := int64(len(sorted))
	found := Quantile{Q: q, Known: Known(q, n), Value: sorted[Rank(q, n)-1]}
	if q == 0.5 {
		found.Value = (sorted[(n-1)/2] + sorted[n/2]) / 2
	}
	if low, high := orderRanks(q, n); low > 0 && high <= n {
		found.HasInterval, found.Low, found.High = true, sorted[low-1], sorted[high-1]
	}
	return found
}
