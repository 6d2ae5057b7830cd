package html

import (
	"fmt"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// instrument tells how the load generator did, so that its figures can be
// believed or not.
func (b builder) instrument() *table {
	t := &table{
		Caption: "How the load generator did, pooled over rounds; its CPU is that of the round in which it was busiest, while it sent",
		Head: []string{"target", "load", "achieved", "sent ÷ scheduled", "lag p50", "lag p99", "lag max",
			"generator CPU", "scheduler p99", "GC pauses", "most in flight", "connections", "out of range"},
	}
	for _, r := range b.a.Rows {
		t.Rows = append(t.Rows, []cell{
			b.name(r.Target, r.Phase),
			text(r.Load()),
			achieved(r),
			sentShare(r),
			quantile(r.Lag, 0), quantile(r.Lag, 2), longest(r.Lag),
			generatorCPU(r),
			scheduler(r.Instrument),
			pauses(r.Instrument),
			noted(format.Count(int64(r.Instrument.Workers)), fmt.Sprintf("cap %d", r.Instrument.WorkerCap)),
			text(format.Count(r.Instrument.Dials)),
			count(r.Instrument.OutOfRange),
		})
	}
	return t.unlessEmpty()
}

// sentShare is that of what was to be sent.
func sentShare(r stats.Row) cell {
	if r.Ended() != "" {
		return weak("the load was ended")
	}
	return ofSent(r, format.Percent(r.SentShare()))
}

// scheduled is what the schedule held, and how much of it was never due.
func scheduled(r stats.Row) cell {
	c := text(format.Count(r.Ledger.Scheduled))
	if r.NotDue > 0 && r.Concurrency == 0 {
		c.Notes = append(c.Notes, format.Count(r.NotDue)+" not due: the load was ended")
	}
	return c
}

// length is how long the load was, and was to be.
func length(r stats.Row) cell {
	if r.Ended() == "" {
		return text(format.Duration(r.Span))
	}
	return noted(format.Duration(r.Played.Round(time.Millisecond)), "of "+format.Duration(r.Span), "ended before its time")
}

// endings say when and why loads were ended before their schedules were.
func (b builder) endings() []string {
	var all []string
	for _, r := range b.a.Rows {
		if text := r.Ended(); text != "" {
			all = append(all, location(b.a.Label(r.Target), r.Phase, 0)+": "+sentenceCase(text))
		}
	}
	return all
}

// achieved is what was sent per second; what share of the offer that is, where there
// is one.
func achieved(r stats.Row) cell {
	if !r.Whole() {
		return ofSent(r, format.Rate(r.Achieved))
	}
	return ofSent(r, format.Rate(r.Achieved), format.Percent(r.RateShare()))
}

// scheduler is how long the generator's goroutines waited for a thread.
func scheduler(in record.Instrument) cell {
	if in.SchedP99 == 0 {
		return weak("not known")
	}
	return noted(format.Duration(in.SchedP99), "max "+format.Duration(in.SchedMax))
}

// pauses are those of the garbage collector.
func pauses(in record.Instrument) cell {
	c := noted(format.Duration(in.GCPause), fmt.Sprintf("%d cycles", in.GCCycles))
	if in.GCPauseMax > 0 {
		c.Notes = append(c.Notes, "longest "+format.Duration(in.GCPauseMax))
	}
	return c
}

func generatorCPU(r stats.Row) cell {
	share, known := r.GeneratorCPU()
	if !known {
		return weak("not known")
	}
	return noted(format.Percent(share), "of "+plural(int64(r.Instrument.CPUs), "CPU"))
}

// ledger accounts for every request.
func (b builder) ledger() *table {
	answered := "answered correctly"
	switch {
	case b.a.JudgedByStatus():
		answered = "answered (by status)"
	case b.a.Unchecked():
		answered = "answered (not checked)"
	}
	t := &table{
		Caption: "The ledger: what became of every request",
		Head:    []string{"target", "scheduled", "sent", answered, "failed", "censored", "rounds", "load"},
	}
	for _, r := range b.a.Rows {
		l := r.Ledger
		t.Rows = append(t.Rows, []cell{
			b.name(r.Target, r.Phase), scheduled(r), text(format.Count(l.Sent)),
			text(format.Count(l.OK)), count(l.Failed), count(l.Censored),
			text(fmt.Sprint(r.Rounds)), length(r),
		})
	}
	return t.unlessEmpty()
}

func (t *table) unlessEmpty() *table {
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// count is a number that ought to be zero.
func count(n int64) cell {
	c := text(format.Count(n))
	if n > 0 {
		c.Class = "bad"
	}
	return c
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", format.Count(n), noun)
}

// quantiles are those of a table's row.
func quantiles(d stat.Distribution) []cell {
	var all []cell
	for i := range d.Quantiles {
		all = append(all, quantile(d, i))
	}
	return all
}

// quantile is a latency with its interval, or why there is none.
func quantile(d stat.Distribution, i int) cell {
	q := d.Quantiles[i]
	switch {
	case d.N == 0:
		return none()
	case !q.Known:
		return weak("n too small")
	}
	c := text(format.Duration(q.Value))
	if q.HasInterval {
		c.Notes = []string{format.Range(q.Low, q.High)}
	}
	return c
}

func longest(d stat.Distribution) cell {
	if d.N == 0 {
		return none()
	}
	return text(format.Duration(d.Max))
}

// ofSent is a figure of the requests sent, where there are any.
func ofSent(r stats.Row, figure string, notes ...string) cell {
	if r.Ledger.Sent == 0 {
		return none()
	}
	return noted(figure, notes...)
}
