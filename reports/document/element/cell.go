package element

import (
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Text is a value as it stands.
func Text(s string) Cell { return Cell{Text: s} }

// None stands where there is nothing to show.
func None() Cell { return Muted("–") }

// Muted says that there is nothing, or why.
func Muted(s string) Cell { return Cell{Text: s, Tone: Faint} }

// With is a value with small print.
func With(s string, notes ...string) Cell { return Cell{Text: s, Notes: notes} }

// Count is a count.
func Count(n int64) Cell { return Text(format.Count(n)) }

// Fault is a count that ought to be zero.
func Fault(n int64) Cell {
	c := Count(n)
	if n > 0 {
		c.Tone = Bad
	}
	return c
}

// OrNone is a figure where it is known.
func OrNone(known bool, s string) Cell {
	if !known {
		return None()
	}
	return Text(s)
}

// Milliseconds is a time with its interval, in a column whose title says ms: rows of one
// column are compared, so they share a unit.
func Milliseconds(d time.Duration, known bool, low, high time.Duration) Cell {
	c := Text(format.Milliseconds(d))
	if known {
		c.Interval = "[" + format.Milliseconds(low) + ", " + format.Milliseconds(high) + "]"
	}
	return c
}

// MillisecondsOrNone is a time where it is known, in such a column.
func MillisecondsOrNone(known bool, d time.Duration) Cell {
	return OrNone(known, format.Milliseconds(d))
}

// Quantiles are all quantiles of a distribution, and its largest value.
func Quantiles(d stat.Distribution) []Cell {
	var all []Cell
	for i := range d.Quantiles {
		all = append(all, Quantile(d, i))
	}
	return append(all, Largest(d))
}

// QuantileTitles head what Quantiles returns.
func QuantileTitles() []Column { return Numbers("p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms") }

// Quantile is the i-th quantile of a distribution with its interval.
func Quantile(d stat.Distribution, i int) Cell {
	q := d.Quantiles[i]
	switch {
	case d.N == 0:
		return None()
	case !q.Known:
		return Muted("n too small")
	}
	return Milliseconds(q.Value, q.HasInterval, q.Low, q.High)
}

// Largest is the largest value of a distribution.
func Largest(d stat.Distribution) Cell { return MillisecondsOrNone(d.N > 0, d.Max) }

// Share is a proportion with its interval, and the counts behind it.
func Share(p stat.Proportion) Cell {
	if p.N == 0 {
		return None()
	}
	return Cell{
		Text: format.Percent(p.Value), Interval: format.PercentInterval(p.Low, p.High), Both: format.PercentWithin(p.Value, p.Low, p.High),
		Notes: []string{format.Count(p.K) + " of " + format.Count(p.N)},
	}
}

// ErrorRate is the share of requests that failed, without its interval.
func ErrorRate(p stat.Proportion) Cell {
	c := OrNone(p.N > 0, format.Percent(p.Value))
	if p.K > 0 {
		c.Tone = Bad
	}
	return c
}

// Ratio is "×1.07" with its interval.
func Ratio(v float64, known bool, low, high float64) Cell {
	c := Text("×" + format.Number(v))
	if known {
		c.Interval = format.Interval(low, high)
	}
	return c
}

// Judged is a verdict.
func Judged(v record.Verdict) Cell { return Cell{Text: string(v), Tone: ToneOf(v)} }

// ToneOf is that of a verdict.
func ToneOf(v record.Verdict) Tone {
	switch v {
	case record.Pass:
		return Good
	case record.Inconclusive:
		return Unsure
	case record.Fail, record.InvalidInstrument:
		return Bad
	}
	return Plain
}
