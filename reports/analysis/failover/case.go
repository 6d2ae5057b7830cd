package failover

import (
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// casesOf tells what each of the faults did in a cell, nil of one that was not injected,
// and how many requests failed apart from them.
func casesOf(run *record.Run, c *sample.Cell, d record.Deployment, planned []record.Injection) (cases []*Case, besides int64) {
	cases = make([]*Case, len(planned))
	var found []*Case // those that were injected, ascending
	events := slices.DeleteFunc(slices.Clone(d.Events), func(e record.Event) bool { return e.At.Before(c.Started) })
	for i, f := range planned {
		if cases[i] = injectedCase(c, events, planned[:i], f); cases[i] != nil {
			found = append(found, cases[i])
		}
	}
	if len(found) == 0 {
		return cases, c.Ledger.Failed
	}
	before := p99Before(c, found[0].At)
	for _, f := range found {
		f.Before, f.Limit = before, limitOf(run, c, found[0].At)
		f.compare(run, c, before)
	}
	rest := c.Ledger.Failed
	for i, now := range found {
		until := c.Window
		if i+1 < len(found) {
			until = found[i+1].At
		}
		now.Round, now.Replicas, now.Resent = c.Round, now.replicasBefore(c, d.Events), c.Instrument.Resent
		now.shareOf(c, d.Events)
		now.notice(c, events, until)
		now.lose(c, events, found, i, before)
		now.replace(c, d.Events, until)
		now.slow(c, until)
		rest -= now.Lost
	}
	return cases, rest
}

// injectedCase is a fault as it was injected; nil: it was not. earlier are those of the
// phase before it.
func injectedCase(c *sample.Cell, events []record.Event, earlier []record.Injection, f record.Injection) *Case {
	before := 0
	for _, e := range earlier {
		if e.Kind == f.Kind {
			before++
		}
	}
	for i, e := range events {
		if e.Kind != record.EventInjected || e.Fault != f.Kind || e.At.After(c.Started.Add(c.Span)) {
			continue
		}
		if before--; before >= 0 {
			continue
		}
		healed := record.HealedAt(e, events[i+1:]).Sub(e.At)
		one := &Case{At: e.At.Sub(c.Started), planned: f.At, Replica: e.Replica, Done: e.Text, Healed: healed, Lasted: healed}
		if ended := one.endedAfter(c, events); ended > 0 {
			one.Lasted = min(healed, ended)
		}
		return one
	}
	return nil
}

// replicasBefore are those that were ready when the fault was injected, as the platform told. Of a
// platform that tells of none they are the instances that answered shortly before it, as far as
// they say who they are; 0: nothing tells.
func (f *Case) replicasBefore(c *sample.Cell, events []record.Event) (n int) {
	ready, told := map[string]bool{}, false
	for _, e := range events {
		if e.At.Sub(c.Started) >= f.At {
			break
		}
		switch e.Kind {
		case record.EventReady:
			ready[e.Replica], told = true, true
		case record.EventUnready, record.EventEnded:
			delete(ready, e.Replica)
		}
	}
	if told {
		return len(ready)
	}
	for _, r := range c.Replicas {
		if r.ID != "" && r.OK > 0 && r.First < f.At && r.Last >= f.At-record.FaultLead {
			n++
		}
	}
	return n
}

// notice finds what the platform told of a fault before the next one.
func (f *Case) notice(c *sample.Cell, events []record.Event, until time.Duration) {
	for _, e := range events {
		at := e.At.Sub(c.Started) - f.At
		if at <= 0 || at > until-f.At {
			continue
		}
		switch e.Kind {
		case record.EventEnded, record.EventUnready, record.EventRestarted, record.EventWarning:
			f.Noticed, f.By = at, e.Kind
			return
		}
	}
}

// lose takes the runs of failures that are the i-th fault's: those that begin since it was due
// to be injected, or with the requests that were under way then, and before the next. Of a
// server that was failing already, the requests under way are not the fault's. What fails once
// the server has answered for a while without a failure, after the fault was healed or its
// replica ended, is no more the fault's.
func (f *Case) lose(c *sample.Cell, events []record.Event, all []*Case, i int, before time.Duration) {
	begin := func(f *Case) time.Duration {
		if f.Failing {
			return min(f.At, f.planned)
		}
		return min(f.At, f.planned) - max(before, 100*time.Millisecond)
	}
	from, to := begin(f), c.Window+time.Hour
	if i+1 < len(all) {
		to = begin(all[i+1])
	}
	over := f.At + max(f.Healed, f.endedAfter(c, events)) // since when nothing failed
	for _, o := range c.Outages {
		if o.First < from || o.First >= to {
			continue
		}
		if o.First-over >= calm && answered(c, over, o.First) {
			return
		}
		if f.Lost == 0 {
			f.First = o.First - f.At
		}
		f.Lost += o.Failed()
		f.Errors = record.AddErrors(f.Errors, o.Errors)
		f.Last = o.Last - f.At
		// Another replica may have answered a request due after Last before the injection.
		f.Recovered, f.Never = max(o.Recovered-f.At, 1), o.Recovered == 0
		if f.Never {
			f.Recovered = 0
		}
		over = max(over, o.Last, o.Recovered)
	}
}

// endedAfter is when the replica that the fault hit ended, by its name; 0: nothing tells.
func (f *Case) endedAfter(c *sample.Cell, events []record.Event) time.Duration {
	for _, e := range events {
		if at := e.At.Sub(c.Started) - f.At; e.Kind == record.EventEnded && f.Replica != "" && e.Replica == f.Replica && at > 0 {
			return at
		}
	}
	return 0
}

// answered says that a request was answered correctly of those due between two moments, to
// whole slices of the record.
func answered(c *sample.Cell, from, to time.Duration) bool {
	return slices.ContainsFunc(c.Seconds, func(s sample.LoggedSlice) bool { return s.Start >= from && s.End() <= to && s.OK > 0 })
}

// compared is for how long before and after a fault failures are counted.
const compared = 10 * time.Second

// compare finds the shares of requests that failed before the fault and from it on. The fault
// may have failed those that were under way: before is how long requests took.
func (f *Case) compare(run *record.Run, c *sample.Cell, before time.Duration) {
	until := f.At - before
	if before < compared/100 || len(c.Seconds) > 0 && c.Seconds[0].End() > until {
		until = f.At // they are few, or all that there is
	}
	var earlier, after record.Ledger
	for i := range c.Seconds {
		s := &c.Seconds[i]
		switch {
		case s.End() <= until && s.End() > until-compared:
			earlier = earlier.Plus(s.Ledger(c))
		case s.End() > f.At && s.End() <= f.At+compared:
			after = after.Plus(s.Ledger(c))
		}
	}
	f.FailedBefore, f.FailedAfter = failedShare(earlier), failedShare(after)
	tolerated := 0.01
	if limit := run.Scenario.SLO.Errors; limit != nil {
		tolerated = *limit
	}
	f.Failing = f.FailedBefore > tolerated
}

func failedShare(l record.Ledger) float64 { return float64(l.Failed) / float64(max(1, l.Scheduled)) }

// calm is for how long nothing has to fail for the failures of a fault to be over, and p99 has
// to be within its limit for what the fault did to it to be over.
const calm = 5 * time.Second

// slow finds how far p99 went up, and for how long.
func (f *Case) slow(c *sample.Cell, until time.Duration) {
	over := f.At + max(f.Healed, f.Recovered) // since when p99 is within its limit
	for _, s := range c.Seconds {
		if s.End() <= f.At || s.Start >= until || s.Start >= c.Window {
			continue
		}
		if f.Limit > 0 && s.Start-over >= calm {
			return
		}
		high := p99(s.Responses)
		f.Peak = max(f.Peak, high)
		if f.Limit > 0 && (high > f.Limit || high == 0 && s.Scheduled > 0) {
			f.Excursion, over = min(s.End(), c.Window)-f.At, max(over, s.End())
		}
	}
}
