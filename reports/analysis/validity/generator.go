package validity

import (
	"fmt"
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

const (
	// muchStolen is the share of CPU time taken by a hypervisor that explains late
	// requests: a request is late if its CPU is away when it is due.
	muchStolen = 0.01
	// mostClumped is how far the squared coefficient of variation of the gaps sent
	// may be from that of the gaps planned. By Kingman's formula, the wait in a queue
	// is about proportional to (c_a² + c_s²)/2, with c_a² that of the gaps between
	// arrivals: half a unit more or less of a Poisson process (c_a² = 1) changes the
	// wait before a server with c_s² = 1 by a quarter. J. F. C. Kingman, "The single
	// server queue in heavy traffic", Mathematical Proceedings of the Cambridge
	// Philosophical Society 57 (1961).
	mostClumped = 0.5
	fewGaps     = 1000 // fewer do not tell a variance
)

// of is the finding of a figure.
func of(figure string, badness float64, values ...string) finding {
	return finding{Diagnostic: record.Diagnostic{Figure: figure}, badness: badness, values: values}
}

// as makes it one of a case of its rule, with what names in its words stand for.
func (f finding) as(which string, values ...string) finding {
	f.cases, f.values = append(f.cases, which), append(f.values, values...)
	return f
}

// counted is the finding of what must not happen at all: "3 stalls".
func counted(n int64, what string) (finding, bool) {
	return of(format.Count(n)+" "+what, float64(n)), n > 0
}

// isOpen says that arrivals did not wait for answers, which is what the rules on
// the offered rate and the worker cap are about.
func isOpen(s *Subject, c *sample.Cell) bool { return s.Run.Phase(c.Phase).Open }

func sent(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	share := row.SentShare()
	return of("sent/scheduled "+format.Percent(share), 1-share,
		"{sent}", format.Count(row.Ledger.Sent), "{scheduled}", format.Count(row.Ledger.Scheduled)), share < leastSent && !c.CutShort() && isOpen(s, c)
}

func offRate(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	off := sample.Distance(row.RateShare())
	return of("achieved/offered "+format.Percent(row.RateShare()), off,
		"{achieved}", format.Rate(row.Achieved), "{offered}", format.Rate(row.Offered)), off > rateBand && !c.CutShort() && isOpen(s, c)
}

// late judges the share of late requests by the lower end of its interval, so
// that one late request of a few condemns nothing. In a closed loop, lag is what
// the generator kept a worker waiting that had thought enough.
func late(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	share := row.Late()
	f := of(fmt.Sprintf("%s of requests left more than %s late", format.Percent(share.Value), format.Duration(row.LagLimit())), share.Low)
	if c.Machine.Known && c.Machine.Stolen >= muchStolen {
		f = f.as("stolen", "{stolen}", format.Percent(c.Machine.Stolen))
	}
	if from := s.Run.Target(c.Target).LoadFrom; from != "" {
		return f.as("elsewhere", "{from}", from), share.Low > MostLate
	}
	if priority := s.unprivileged(); priority != "" {
		f = f.as("unprivileged", "{priority}", priority)
	}
	return f, share.Low > MostLate
}

// unprivileged says what became of the generator's priority where it is an ordinary one
// for want of rights; else "".
func (s *Subject) unprivileged() string {
	for _, f := range s.Run.Environment {
		if f.Name == record.FactPriority && f.Denied {
			return f.Name + " " + f.String()
		}
	}
	return ""
}

func busyGenerator(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	share, known := row.GeneratorCPU()
	f := of("generator CPU "+format.Percent(share), share)
	if !isOpen(s, c) {
		f = f.as("closed")
	}
	return f, known && share > sample.MostCPU
}

func workerCap(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	in := row.Instrument
	return of(fmt.Sprintf("%d requests in flight", in.Workers), float64(in.Workers), "{cap}", fmt.Sprint(in.WorkerCap)),
		in.WorkerCap > 0 && in.Workers >= in.WorkerCap && isOpen(s, c)
}

// exhausted looks for the errors of a machine that ran out of descriptors or
// ports: they are the generator's, not the server's.
func exhausted(class string) func(*Subject, *sample.Cell, sample.Row) (finding, bool) {
	return func(_ *Subject, _ *sample.Cell, row sample.Row) (finding, bool) {
		for _, e := range row.Errors {
			if e.Class == class {
				return counted(e.Count, "requests failed")
			}
		}
		return finding{}, false
	}
}

func outOfRange(_ *Subject, _ *sample.Cell, row sample.Row) (finding, bool) {
	return counted(row.Instrument.OutOfRange, "values out of range")
}

// fellBehind tells of a server that was asked for more than it could answer. Where there
// are steps, they say at which rate.
func fellBehind(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	if c.KeptPace() || len(s.Run.Phase(c.Phase).Steps) > 0 {
		return finding{}, false
	}
	return of(fmt.Sprintf("%s answered of %s due", format.Rate(c.OKRate()), format.Rate(row.Offered)), float64(c.OKOver)/float64(c.Window)), true
}

// clumped tells of arrivals that were spread in another way than planned.
func clumped(s *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	g := c.Instrument.Gaps
	off := math.Abs(g.Sent - g.Planned)
	even := "evenly"
	if g.Sent > g.Planned {
		even = "unevenly"
	}
	return of(fmt.Sprintf("squared coefficient of variation of the gaps %s as sent, %s as planned", format.Number(g.Sent), format.Number(g.Planned)), off, "{evenly}", even),
		g.N >= fewGaps && off > mostClumped && isOpen(s, c)
}

// starved names a cause of late requests: the generator's goroutines waited for a
// CPU. Whether requests were late is for the rule late to say.
func starved(_ *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	in := c.Instrument
	return of(fmt.Sprintf("scheduler latency p99 %s, max %s", format.Duration(in.SchedP99), format.Duration(in.SchedMax)), float64(in.SchedP99),
		"{lag}", format.Duration(row.LagLimit())), in.SchedP99 > row.LagLimit()
}

// paused names another: the garbage collector stopped the generator.
func paused(_ *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	pause := c.Instrument.GCPauseMax
	return of("longest pause "+format.Duration(pause), float64(pause), "{lag}", format.Duration(row.LagLimit())), pause > row.LagLimit()
}

// retried tells of requests that went over a second connection: the server had closed
// the first while it was idle, and they never reached it. One that died closes its
// connections too, and that is told already.
func retried(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	f, broken := counted(row.Instrument.Retries, "retries")
	return f, broken && !s.Lost(c.Target)
}

// resent tells of connections whose first packet got no answer, as where the server's listen
// backlog is full: a second passed until it was sent again.
func resent(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	n := row.Instrument.Resent
	f := of(fmt.Sprintf("%s of %s connections", format.Count(n), format.Count(row.Instrument.Dials)), float64(n))
	if end, ended := s.firstEnd(c); ended {
		switch before, after := waitedAround(c, end); {
		case after && !before:
			f = f.as("ended")
		case after || !before: // at both times, or nothing tells when
			f = f.as("either")
		}
	}
	return f, n > 0
}

// firstEnd is when the first server ended or a fault was due while a cell was measured, from its
// start; false: neither was so.
func (s *Subject) firstEnd(c *sample.Cell) (first time.Duration, ended bool) {
	note := func(at time.Duration) {
		if at >= 0 && (!ended || at < first) {
			first, ended = at, true
		}
	}
	for _, f := range s.Run.Scenario.Faults {
		if f.Phase == c.Phase {
			note(f.At)
		}
	}
	for _, t := range s.Scaling {
		if t.Target != c.Target || t.Phase != c.Phase || t.Round != c.Round {
			continue
		}
		for _, r := range t.Replicas {
			if r.Ended != nil {
				note(t.Rise + *r.Ended)
			}
		}
	}
	return first, ended
}

// resendTime is after how long the first packet of a connection is sent again.
const resendTime = time.Second

// waitedAround says whether requests were answered before a moment, and after it, that took as
// long as those do whose connection lost its first packet.
func waitedAround(c *sample.Cell, at time.Duration) (before, after bool) {
	for _, s := range c.Seconds {
		for _, b := range s.Responses {
			if b.Value >= int64(resendTime) {
				before, after = before || s.End() <= at, after || s.End() > at
				break
			}
		}
	}
	return before, after
}

// stalled tells of a record that could not be written as fast as it came. If it
// held the sending up, the lag shows it and the rule late decides.
func stalled(_ *Subject, _ *sample.Cell, row sample.Row) (finding, bool) {
	return counted(row.Instrument.Stalls, "stalls")
}

// unrenewed tells of credentials that could not be made anew while they were needed.
func unrenewed(_ *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	r := c.Instrument.Renewals
	return of(format.Count(r.N)+" renewed", 0, "{why}", r.Failed), r.Failed != ""
}

// renewed tells of credentials that were made anew while requests were sent, of which those
// of all others were made before.
func renewed(_ *Subject, row sample.Row) (finding, bool) {
	r := row.Instrument.Renewals
	f := of(format.Count(r.N)+" requests", 0, "{took}", format.Duration(r.Took), "{due}", format.Count(r.Due))
	if r.Due > 0 {
		f.Text = "credentials were renewed while the load was sent, since they are good for some minutes only: {figure}, which took {took} of the load generator's time; for {due} of them it is part of the latency, since they were due"
	}
	return f, r.N > 0
}

// unprepared tells of a look-ahead that did not keep pace. If it held the sending up, the
// lag shows it and the rule late decides.
func unprepared(_ *Subject, _ *sample.Cell, row sample.Row) (finding, bool) {
	return counted(row.Instrument.Unprepared, "requests waited")
}

// nearFloor tells of medians that are mostly the instrument's own.
func nearFloor(s *Subject, row sample.Row) (finding, bool) {
	q := row.Response.Quantiles[0]
	if row.Floor == nil || !q.Known || q.Value >= tooNear*row.Floor.Quantiles[0] {
		return finding{}, false
	}
	f := of(fmt.Sprintf("p50 %s, floor %s", format.Duration(q.Value), format.Duration(row.Floor.Quantiles[0])), 0)
	if s.AB != nil {
		f = f.as("ab")
	}
	return f, true
}

// tooNear is how many times the floor a median has to be so that the server, and
// not the instrument, is most of it.
const tooNear = 3

// overRated tells of a load beyond what the generator was found to be able to send.
func overRated(s *Subject, row sample.Row) (finding, bool) {
	c := s.Run.CalibrationOf(row.Target)
	if c == nil || c.MaxRate <= 0 {
		return finding{}, false
	}
	return of(format.Rate(row.Rate()), 0, "{most}", format.Rate(c.MaxRate)), row.Rate() > c.MaxRate
}

func unchecked(s *Subject, row sample.Row) (finding, bool) {
	return of("0 answers checked", 0), row.Unchecked() && !s.ByStatus(row)
}

// unlike tells of answers that are not of the labels' kind, or none of their values.
func unlike(_ *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	a := c.Answers
	f := of(format.Count(a.Unlike)+" of "+format.Count(a.Labelled)+" answers", float64(a.Unlike), "{answer}", a.Example.Answer, "{label}", a.Example.Label)
	kinds := []string{a.Example.AnswerKind, a.Example.LabelKind}
	switch {
	case kinds[0] == record.KindList && kinds[1] != record.KindList:
		f.cases = []string{"several"}
	case slices.Contains(kinds, record.KindNumber) && slices.Contains(kinds, record.KindText):
		f.cases = []string{"numbered"}
	}
	return f, a.Labelled > 0 && a.Unlike == a.Labelled
}
