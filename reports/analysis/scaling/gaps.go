package scaling

import (
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// Gap is a time in which no replica was ready, from the phase's start.
type Gap struct {
	From time.Duration `json:"from_ms"`
	To   time.Duration `json:"to_ms"`
	// Fault says that a fault of the scenario's had been injected before, and that no replica had
	// been ready for Calm since it was healed or the gap before ended.
	Fault bool `json:"after_fault"`
}

// Removed is a replica that ended after the load fell, with what failed meanwhile.
type Removed struct {
	Replica string `json:"replica"`
	// At is when it was not ready any more, or ended if it was ready until then, from the Fall; 0:
	// it was not ready at the Fall already.
	At time.Duration `json:"at_ms"`
	// Failed are the requests of the runs of failures that began from a second before At until
	// a second after its end.
	Failed int64               `json:"failed"`
	Errors []record.ErrorCount `json:"errors"`
}

// NoneReady is for how long in all no replica was ready.
func (t Trial) NoneReady() (sum time.Duration) {
	for _, g := range t.Gaps {
		sum += g.To - g.From
	}
	return sum
}

// findGaps finds the fewest replicas that were ready, when none was, and how often one that
// lived on was not ready any more.
func (t *Trial) findGaps(c *sample.Cell, events []record.Event) {
	if !t.Observed {
		return
	}
	t.Least = readyAt(t.Levels, 0)
	from, none := time.Duration(0), t.Least == 0
	for _, l := range t.Levels {
		if l.At <= 0 || l.At > c.Span {
			continue
		}
		t.Least = min(t.Least, l.Ready)
		switch {
		case l.Ready == 0 && !none:
			from, none = l.At, true
		case l.Ready > 0 && none:
			t.Gaps, none = append(t.Gaps, Gap{From: from, To: l.At}), false
		}
	}
	if none {
		t.Gaps = append(t.Gaps, Gap{From: from, To: c.Span})
	}
	for i, e := range events {
		offset := e.At.Sub(c.Started)
		switch {
		case e.Kind == record.EventInjected:
			t.blame(offset, record.HealedAt(e, events[i+1:]).Sub(c.Started))
		case e.Kind == record.EventUnready && offset > 0 && offset <= c.Span && !endsNext(e.Replica, events[i+1:]):
			t.Unready++
		}
	}
}

// blame has a fault be the reason of the gaps from its injection on, until a replica has been
// ready for Calm after it was healed.
func (t *Trial) blame(injected, over time.Duration) {
	for i := range t.Gaps {
		g := &t.Gaps[i]
		switch {
		case g.From < injected:
			continue
		case g.From-over >= Calm:
			return
		}
		g.Fault, over = true, max(over, g.To)
	}
}

// endsNext says that the next that is told of a replica is its end.
func endsNext(replica string, later []record.Event) bool {
	for _, e := range later {
		if e.Replica == replica && (e.Kind == record.EventEnded || e.Kind == record.EventReady || e.Kind == record.EventRestarted) {
			return e.Kind == record.EventEnded
		}
	}
	return false
}

// around is how long before and after the end of a replica a failure may be due to it.
const around = time.Second

// findRemoved finds the replicas that ended after the load fell, without those that a fault
// hit. A run of failures is of the first of them that it was near to.
func (t *Trial) findRemoved(c *sample.Cell, events []record.Event) {
	if t.Fall == nil {
		return
	}
	unready, hit := map[string]time.Duration{}, map[string]bool{}
	booked := make([]bool, len(c.Outages))
	for _, e := range events {
		at := e.At.Sub(c.Started)
		switch e.Kind {
		case record.EventUnready:
			unready[e.Replica] = at
		case record.EventReady:
			delete(unready, e.Replica)
		}
		hit[e.Replica] = hit[e.Replica] || e.Kind == record.EventInjected
		if e.Kind != record.EventEnded || hit[e.Replica] || at < *t.Fall || at > c.Span {
			continue
		}
		from, known := unready[e.Replica]
		if !known {
			from = at
		}
		from = max(from, *t.Fall)
		r := Removed{Replica: e.Replica, At: from - *t.Fall}
		for i, o := range c.Outages {
			if !booked[i] && o.First >= from-around && o.First <= at+around {
				booked[i] = true
				r.Failed += o.Failed()
				r.Errors = record.AddErrors(r.Errors, o.Errors)
			}
		}
		t.Removed = append(t.Removed, r)
	}
}
