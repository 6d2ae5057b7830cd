package document

import (
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

func text(s string) Cell { return Cell{Text: s} }

// none stands where there is nothing to show.
func none() Cell { return faint("–") }

func faint(s string) Cell { return Cell{Text: s, Tone: Faint} }

// with is a value with small print.
func with(s string, notes ...string) Cell { return Cell{Text: s, Notes: notes} }

func count(n int64) Cell { return text(format.Count(n)) }

// fault is a count that ought to be zero.
func fault(n int64) Cell {
	c := count(n)
	if n > 0 {
		c.Tone = Bad
	}
	return c
}

// orNone is a figure where it is known.
func orNone(known bool, s string) Cell {
	if !known {
		return none()
	}
	return text(s)
}

// milliseconds is a time with its interval, in a column whose title says ms: rows of one
// column are compared, so they share a unit.
func milliseconds(d time.Duration, known bool, low, high time.Duration) Cell {
	c := text(format.Milliseconds(d))
	if known {
		c.Interval = "[" + format.Milliseconds(low) + ", " + format.Milliseconds(high) + "]"
	}
	return c
}

// millisecondsOrNone is a time where it is known, in such a column.
func millisecondsOrNone(known bool, d time.Duration) Cell {
	return orNone(known, format.Milliseconds(d))
}

// quantiles are all quantiles of a distribution, and its largest value.
func quantiles(d stat.Distribution) []Cell {
	var all []Cell
	for i := range d.Quantiles {
		all = append(all, quantile(d, i))
	}
	return append(all, largest(d))
}

// quantileTitles head what quantiles returns.
func quantileTitles() []Column { return numbers("p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms") }

func quantile(d stat.Distribution, i int) Cell {
	q := d.Quantiles[i]
	switch {
	case d.N == 0:
		return none()
	case !q.Known:
		return faint("n too small")
	}
	return milliseconds(q.Value, q.HasInterval, q.Low, q.High)
}

func largest(d stat.Distribution) Cell { return millisecondsOrNone(d.N > 0, d.Max) }

// share is a proportion with its interval, and the counts behind it.
func share(p stat.Proportion) Cell {
	if p.N == 0 {
		return none()
	}
	return Cell{
		Text: format.Percent(p.Value), Interval: format.PercentInterval(p.Low, p.High), Both: format.PercentWithin(p.Value, p.Low, p.High),
		Notes: []string{format.Count(p.K) + " of " + format.Count(p.N)},
	}
}

// errorRate is the share of requests that failed, without its interval.
func errorRate(p stat.Proportion) Cell {
	c := orNone(p.N > 0, format.Percent(p.Value))
	if p.K > 0 {
		c.Tone = Bad
	}
	return c
}

// ratio is "×1.07" with its interval.
func ratio(v float64, known bool, low, high float64) Cell {
	c := text("×" + format.Number(v))
	if known {
		c.Interval = format.Interval(low, high)
	}
	return c
}

func judged(v record.Verdict) Cell { return Cell{Text: string(v), Tone: toneOf(v)} }

// toneOf is that of a verdict.
func toneOf(v record.Verdict) Tone {
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
