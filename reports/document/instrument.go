package document

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/validity"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// instrument tells how the load generator did, so that its figures can be believed or
// not.
func (b builder) instrument() []element.Section {
	if b.a.Empty() || b.a.Refused() {
		return nil
	}
	if b.a.OnlyStarts() {
		line := "Only starts were measured: there was no load, and no load generator to check"
		if b.a.Verdict == record.NoLimit {
			line += "; no limit was judged"
		}
		return []element.Section{{ID: "instrument", Title: "Load generator", Lines: []element.Line{{Word: string(b.a.Validity), Text: line + "."}}}}
	}
	t := element.ByTarget(element.Numbers("load", "achieved", "sent ÷ scheduled", "lag p50 ms", "lag p99 ms", "lag max ms",
		"generator CPU", "scheduler p99", "GC pauses", "most in flight", "connections", "out of range"))
	for _, r := range b.a.Rows {
		b.Add(t, r.Target, r.Phase, []element.Cell{
			element.Text(sentence.Asked(r)), achieved(r), sentShare(r), element.Quantile(r.Lag, 0), element.Quantile(r.Lag, 2), element.Largest(r.Lag),
			generatorCPU(r), scheduler(r.Instrument), pauses(r.Instrument),
			element.With(format.Count(int64(r.Instrument.Workers)), fmt.Sprintf("cap %d", r.Instrument.WorkerCap)),
			element.Count(r.Instrument.Dials), element.Fault(r.Instrument.OutOfRange),
		})
	}
	return []element.Section{
		{ID: "instrument", Title: "Load generator", Lines: []element.Line{b.validity(), {Text: format.Sentence(sentence.Floor(b.a.Run))}}},
		{ID: "instrument-table", Rank: element.Appendix, Table: t, Notes: []string{
			"Pooled over rounds; its CPU is that of the round in which it was busiest, while it sent.",
		}},
	}
}

// validity is how the load generator did, at its worst.
func (b builder) validity() element.Line {
	v := b.a.Vitals()
	line := element.Line{Word: string(b.a.Validity), Tone: element.Good}
	if b.a.Validity == record.Invalid {
		line.Tone = element.Bad
	}
	var parts []string
	if v.Open {
		parts = append(parts, "achieved/offered "+format.Percent(v.Achieved))
	}
	if v.LagKnown {
		parts = append(parts, "lag p99 "+format.Duration(v.LagP99))
	}
	late := fmt.Sprintf("%s over %s late", format.Percent(v.Late.Value), format.Duration(v.LagLimit))
	parts = append(parts, late+" ("+cmp.Or(sentence.LateByChance(v.Late), "limit "+format.Percent(validity.MostLate))+")")
	if v.CPUKnown {
		parts = append(parts, "generator CPU "+format.Percent(v.GeneratorCPU))
	}
	line.Text = strings.Join(parts, " · ")
	return line
}

// sentShare is that of what was to be sent.
func sentShare(r sample.Row) element.Cell {
	if r.Ended() {
		return element.Muted("the load was ended")
	}
	return ofSent(r, format.Percent(r.SentShare()))
}

// achieved is what was sent per second, and what share of the offer that is where there
// is one.
func achieved(r sample.Row) element.Cell {
	if !r.Whole() {
		return ofSent(r, format.Rate(r.Achieved))
	}
	return ofSent(r, format.Rate(r.Achieved), format.Percent(r.RateShare()))
}

// scheduler is how long the generator's goroutines waited for a thread.
func scheduler(in record.Instrument) element.Cell {
	if in.SchedP99 == 0 {
		return element.Muted("not known")
	}
	return element.With(format.Duration(in.SchedP99), "max "+format.Duration(in.SchedMax))
}

// pauses are those of the garbage collector.
func pauses(in record.Instrument) element.Cell {
	c := element.With(format.Duration(in.GCPause), fmt.Sprintf("%d cycles", in.GCCycles))
	if in.GCPauseMax > 0 {
		c.Notes = append(c.Notes, "longest "+format.Duration(in.GCPauseMax))
	}
	return c
}

func generatorCPU(r sample.Row) element.Cell {
	share, known := r.GeneratorCPU()
	if !known {
		return element.Muted("not known")
	}
	return element.With(format.Percent(share), "of "+format.Plural(r.Instrument.CPUs, "CPU"))
}

// ledger accounts for every request.
func (b builder) ledger() []element.Section {
	ok := "OK"
	switch {
	case b.a.JudgedByStatus():
		ok = "OK (by status)"
	case b.a.Unchecked():
		ok = "OK (not checked)"
	}
	t := element.ByTarget(element.Numbers("scheduled", "not due", "sent", ok, "failed", "censored", "attempts", "rounds", "duration"))
	s := element.Section{ID: "ledger", Title: "Ledger", Rank: element.Aside, Table: t, Notes: []string{"What became of every request."}}
	for _, r := range b.a.Rows {
		l, notDue, attempts := r.Ledger, element.Cell{}, element.Cell{}
		if r.Retries.Attempts > 0 {
			attempts = element.With(format.Count(l.Sent+r.Retries.Attempts), format.Plural(int(r.Retries.Requests), "request")+" sent again, of which "+format.Count(r.Retries.OK)+" OK")
		}
		if r.NotDue > 0 && r.Concurrency == 0 {
			notDue = element.Count(r.NotDue)
		}
		b.Add(t, r.Target, r.Phase, []element.Cell{
			element.Count(l.Scheduled), notDue, element.Count(l.Sent), element.Count(l.OK), element.Fault(l.Failed), element.Fault(l.Censored), attempts, element.Text(fmt.Sprint(r.Rounds)), played(r),
		})
		if ended := sentence.Ended(r); ended != "" {
			s.Lines = append(s.Lines, element.Line{Where: b.a.Label(r.Target) + b.InPhase(r.Phase), Text: format.Sentence(ended)})
		}
		if again := b.beganAgain(r); again != "" {
			s.Lines = append(s.Lines, element.Line{Where: b.a.Label(r.Target) + b.InPhase(r.Phase), Text: again})
		}
	}
	return []element.Section{s}
}

// beganAgain says how often the records of a file that is sent in its own order came to
// an end in each round; "" where they did not.
func (b builder) beganAgain(r sample.Row) string {
	d, requests := b.a.Run.Scenario.Data, int64(b.a.Run.Scenario.Corpus)
	if d == nil || !d.InOrder || requests == 0 || r.Rounds == 0 {
		return ""
	}
	times := (r.Ledger.Sent/int64(r.Rounds) - 1) / requests
	if times < 1 {
		return ""
	}
	return fmt.Sprintf("%s holds %s: in each round it began again %s.", d.Name, format.Plural(int(requests), "request"), format.Plural(int(times), "time"))
}

// played is how long the load was, and was to be.
func played(r sample.Row) element.Cell {
	if !r.Ended() {
		return element.Text(format.Duration(r.Span))
	}
	return element.With(format.Duration(r.Played.Round(time.Millisecond)), "of "+format.Duration(r.Span), "ended before its time")
}
