package scaling

import (
	"math"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// outcome is what became of the requests due in a slice, by a limit of the response time.
type outcome struct {
	ledger record.Ledger
	late   int64
}

func outcomeOf(c *sample.Cell, s *sample.LoggedSlice, limit time.Duration) outcome {
	o := outcome{ledger: s.Ledger(c)}
	for _, b := range s.Responses {
		if b.Value > int64(limit) {
			o.late += b.Count
		}
	}
	return o
}

// lost are the requests without a right answer.
func (o outcome) lost() int64 { return o.ledger.Scheduled - o.ledger.OK }

// held reports whether the p99 of all requests due is at or below the limit.
func (o outcome) held() bool { return float64(o.lost()+o.late) <= 0.01*float64(o.ledger.Scheduled) }

// usersOf is what the users met between the rise and the fall.
func (t *Trial) usersOf(c *sample.Cell, limit time.Duration) Users {
	u := Users{Limit: limit}
	fall := c.Span
	if t.Fall != nil {
		fall = *t.Fall
	}
	calmSince := time.Duration(-1)
	for i := range c.Seconds {
		s := &c.Seconds[i]
		if s.Start < t.Rise || s.Start >= fall {
			continue
		}
		o := outcomeOf(c, s, limit)
		u.Due += o.ledger.Scheduled
		u.Failed += o.lost()
		if limit == 0 {
			continue
		}
		u.Late += o.late
		if !o.held() {
			u.Over += s.Length
			if u.Recovered != nil && u.Again == nil {
				u.Again = since(t.Rise, s.Start)
			}
			calmSince = -1
			continue
		}
		if calmSince < 0 {
			calmSince = s.Start
		}
		if u.Over > 0 && s.End()-calmSince >= Calm {
			u.Recovered, u.Again = since(t.Rise, calmSince), nil
		}
	}
	return u
}

// rateAt is the load of a slice, per second: that of its step, which chance does not change,
// or what was due in it.
func rateAt(c *sample.Cell, steps []record.Step, s *sample.LoggedSlice) float64 {
	for _, step := range steps {
		if s.Start >= step.Start && s.Start < step.Start+step.Duration {
			return step.Rate
		}
	}
	return float64(s.Ledger(c).Scheduled) / s.Length.Seconds()
}

// slack is by how much of a replica's capacity the load may be above that of a number of
// replicas without taking another one.
const slack = 0.05

// supplyOf compares the replicas that were ready with those that the load took, of which there
// may be so many at most (0: any number); nil where the load that a replica bears is not known.
func supplyOf(c *sample.Cell, steps []record.Step, levels []Level, limit time.Duration, most int) *Supply {
	s := Supply{Capacity: capacityOf(c, steps, levels, limit)}
	if s.Capacity == 0 {
		return nil
	}
	for i := range c.Seconds {
		slice := &c.Seconds[i]
		need := max(1, math.Ceil(rateAt(c, steps, slice)/s.Capacity-slack))
		if most > 0 {
			need = min(need, float64(most))
		}
		ready := meanReady(levels, slice.Start, slice.End())
		s.Under += max(0, need-ready) * slice.Length.Seconds()
		s.Over += max(0, ready-need) * slice.Length.Seconds()
	}
	return &s
}

// capacityOf is the highest load per ready replica at which the limit was held for Calm, with
// the same replicas all the while; 0: there is none.
func capacityOf(c *sample.Cell, steps []record.Step, levels []Level, limit time.Duration) (most float64) {
	if limit == 0 {
		return 0
	}
	from, ready, load := time.Duration(-1), 0, 0.0 // of the stretch that holds
	for i := range c.Seconds {
		s := &c.Seconds[i]
		n, rate := readyAt(levels, s.Start), rateAt(c, steps, s)
		steady := n > 0 && float64(n) == meanReady(levels, s.Start, s.End())
		if !steady || !outcomeOf(c, s, limit).held() {
			from = -1
			continue
		}
		if from < 0 || n != ready {
			from, ready, load = s.Start, n, rate
		}
		if load = min(load, rate); s.End()-from >= Calm {
			most = max(most, load/float64(n))
			from = -1 // the next stretch begins after it
		}
	}
	return most
}

// meanReady is how many replicas are ready on average between two moments.
func meanReady(levels []Level, from, to time.Duration) float64 {
	ready, at, sum := readyAt(levels, from), from, 0.0
	for _, l := range levels {
		if l.At <= from || l.At >= to {
			continue
		}
		sum += float64(ready) * (l.At - at).Seconds()
		ready, at = l.Ready, l.At
	}
	return (sum + float64(ready)*(to-at).Seconds()) / (to - from).Seconds()
}
