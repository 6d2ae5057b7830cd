package stats

import (
	"math"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// figure is what a cell says of a metric; false when that is nothing.
func (c *cell) figure(name string) (float64, bool) {
	switch name {
	case record.MetricP50:
		return c.quantileOfAll(0.5)
	case record.MetricP90:
		return c.quantileOfAll(0.9)
	case record.MetricP99:
		return c.quantileOfAll(0.99)
	case record.MetricP999:
		return c.quantileOfAll(0.999)
	case record.MetricGoodput:
		return c.goodput(), c.Window > 0
	case record.MetricCPU:
		return float64(c.Usage.CPU) / float64(c.Ledger.Sent), c.Usage.Known && c.Usage.CPU > 0 && c.Ledger.Sent > 0
	}
	return 0, false
}

// quantileOfAll is a quantile of the response times of all requests, in nanoseconds.
// One without a right answer is slower than any: a candidate must not look fast for
// what it refuses. So the quantile may be +Inf.
func (c *cell) quantileOfAll(q float64) (float64, bool) {
	n := c.due()
	if !stat.Known(q, n) {
		return 0, false
	}
	var answers stat.Tally
	if h := c.merged[record.TagResponse]; h != nil {
		answers = stat.NewTally(h)
	}
	v := answers.With(n - c.Ledger.OK).At(stat.Rank(q, n))
	if v == stat.Never {
		return math.Inf(1), true
	}
	return float64(v), true
}

// Typical are the medians of the pairs, each variant's for itself; 0 without pairs.
func (m ABMetric) Typical() (baseline, candidate float64) {
	if len(m.Pairs) == 0 {
		return 0, 0
	}
	var b, c []float64
	for _, pair := range m.Pairs {
		b, c = append(b, pair.Baseline), append(c, pair.Candidate)
	}
	return stat.Median(b), stat.Median(c)
}

// FormatFigure writes a figure of the metric's pairs with its unit.
func (m ABMetric) FormatFigure(v float64) string {
	switch {
	case m.Less:
		return format.Rate(v)
	case math.IsInf(v, 0):
		return "no answer"
	}
	return format.Duration(time.Duration(v))
}
