package stats

import (
	"hash/fnv"
	"io"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// newDistribution tells the quantiles of a histogram, which may be nil. They
// have no intervals yet.
func newDistribution(h *hdrhistogram.Histogram) Distribution {
	var d Distribution
	for i, q := range quantiles() {
		d.Quantiles[i].Q = q
	}
	if h == nil || h.TotalCount() == 0 {
		return d
	}
	d.N, d.Histogram, d.Max = h.TotalCount(), h, time.Duration(h.Max())
	for i, q := range quantiles() {
		d.Quantiles[i].Known = Known(q, d.N)
		d.Quantiles[i].Value = time.Duration(h.ValueAtQuantile(100 * q))
	}
	return d
}

// bound gives the quantiles that are known their intervals.
func (d *Distribution) bound(all []bounds) {
	for i, b := range all {
		q := &d.Quantiles[i]
		if q.Known && b.high < never {
			q.HasInterval, q.Low, q.High = true, time.Duration(b.low), time.Duration(b.high)
		}
	}
}

// Needed is how many values the quantile takes to be Known: 10 ÷ (1−q).
func (q Quantile) Needed() int64 { return needed(q.Q) }

// seedOf makes the intervals of a row a pure function of the run.
func seedOf(run *record.Run, row Row) uint64 {
	h := fnv.New64a()
	io.WriteString(h, row.Target+"\x00"+row.Phase)
	return h.Sum64() ^ run.Scenario.Seed
}
