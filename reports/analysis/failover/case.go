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
	rest := c.Ledger.Failed
	for i, now := range found {
		until := c.Window
		if i+1 < len(found) {
			until = found[i+1].At
		}
		now.Round, now.Replicas = c.Round, replicas(c)
		now.notice(c, events, until)
		now.lose(c, found, i, before)
		now.slow(run, c, before, until)
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
		found := &Case{At: e.At.Sub(c.Started), Replica: e.Replica, Done: e.Text}
		for _, later := range events[i+1:] {
			if later.Kind == record.EventHealed && later.Fault == e.Fault && later.Replica == e.Replica {
				found.Healed = later.At.Sub(e.At)
				break
			}
		}
		return found
	}
	return nil
}

// replicas are the instances that answered in a cell, as far as they say who they are.
func replicas(c *sample.Cell) (n int) {
	for _, r := range c.Replicas {
		if r.ID != "" && r.OK > 0 {
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
			if f.Noticed == 0 {
				f.Noticed, f.By = at, e.Kind
			}
		case record.EventReady:
			if f.Noticed > 0 && f.Ready == 0 {
				f.Ready = at
			}
		}
	}
}

// lose takes the runs of failures that are the i-th fault's: those since it was injected,
// and of the requests that were under way then, to the next.
func (f *Case) lose(c *sample.Cell, all []*Case, i int, before time.Duration) {
	underWay := max(before, 100*time.Millisecond)
	from, to := f.At-underWay, c.Window+time.Hour
	if i+1 < len(all) {
		to = all[i+1].At - underWay
	}
	for _, o := range c.Outages {
		if o.Last < from || o.First >= to || i > 0 && o.First < from {
			continue
		}
		if f.Lost == 0 {
			f.First = o.First - f.At
		}
		f.Lost += o.Failed()
		f.Errors = addErrors(f.Errors, o.Errors)
		f.Last = o.Last - f.At
		f.Recovered, f.Never = o.Recovered-f.At, o.Recovered == 0
		if f.Never {
			f.Recovered = 0
		}
	}
}

// slow finds how far p99 went up, and for how long.
func (f *Case) slow(run *record.Run, c *sample.Cell, before, until time.Duration) {
	f.Before, f.Limit = before, limitOf(run, before)
	for _, s := range c.Seconds {
		if s.End() <= f.At || s.Start >= until || s.Start >= c.Window {
			continue
		}
		high := p99(s.Responses)
		f.Peak = max(f.Peak, high)
		if f.Limit > 0 && (high > f.Limit || high == 0 && s.Scheduled > 0) {
			f.Excursion = min(s.End(), c.Window) - f.At
		}
	}
}
