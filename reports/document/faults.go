package document

import (
	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// faults tell what the scenario's faults cost, and what became of every request of the
// phases that had them.
func (b builder) faults() []Section {
	if b.a.Failover == nil {
		return nil
	}
	var findings []Line
	for _, f := range b.a.Failover.Faults {
		l := Line{Target: f.Target, Text: b.a.Label(f.Target) + b.inPhase(f.Phase) + ": " + sentence.FaultResult(f) + "."}
		if f.Never() > 0 {
			l.Tone = Bad
		}
		findings = append(findings, l)
	}
	return []Section{
		{ID: "faults", Title: "Faults", Table: b.faultTable(), Lines: findings, Notes: []string{format.Sentence(sentence.FaultMethod)}},
		{ID: "faultledger", Table: b.accountTable(), Notes: []string{format.Sentence(sentence.AccountMethod)}},
	}
}

func (b builder) faultTable() *Table {
	t := b.byTarget(words("fault"), numbers("at s", "noticed ms", "errors for ms", "back after ms", "lost", "p99 before ms", "p99 peak ms", "p99 high for s", "replicas", "rounds"))
	t.Keys = 3
	for _, f := range b.a.Failover.Faults {
		b.add(t, f.Target, f.Phase, []Cell{text(f.Kind), text(format.Number(f.At.Seconds()))}, faultCells(f))
	}
	return t
}

func faultCells(f failover.Fault) []Cell {
	if len(f.Cases) == 0 {
		return []Cell{faint("not injected"), none(), none(), none(), none(), none(), none(), none(), text("0")}
	}
	noticed, back := medianCell(f.Noticed), medianCell(f.Recovered)
	if f.Noticed.N == 0 {
		noticed = faint("never")
	}
	if n := f.Never(); n > 0 {
		back = Cell{Text: "never", Tone: Bad}
		if n < len(f.Cases) {
			back = Cell{Text: "never in " + format.Plural(n, "round"), Tone: Bad}
		}
	}
	before, peak, replicas := f.Cases[0].Before, f.Cases[0].Peak, f.Cases[0].Replicas
	for _, c := range f.Cases {
		before, peak, replicas = min(before, c.Before), max(peak, c.Peak), max(replicas, c.Replicas)
	}
	excursion := none()
	if f.Excursion.N > 0 {
		excursion = text(format.Number(f.Excursion.Median.Value.Seconds()))
	}
	return []Cell{
		noticed, medianCell(f.Burst), back, fault(f.Lost), millisecondsOrNone(before > 0, before), millisecondsOrNone(peak > 0, peak),
		excursion, orNone(replicas > 0, format.Count(int64(replicas))), count(int64(len(f.Cases))),
	}
}

// medianCell is the median over rounds, with its interval.
func medianCell(t sample.Times) Cell {
	if t.N == 0 {
		return none()
	}
	return milliseconds(t.Median.Value, t.Median.HasInterval, t.Median.Low, t.Median.High)
}

// saved are the requests that were answered correctly because they were sent again.
func saved(a failover.Account) Cell {
	if a.Retries.Requests == 0 {
		return Cell{}
	}
	return with(format.Count(a.Retries.OK), format.Plural(int(a.Retries.Attempts), "attempt")+" more")
}

// late are the answers that came later than the limit, if there is one.
func late(a failover.Account) Cell {
	if a.Limit == 0 {
		return none()
	}
	return with(format.Count(a.Late), "> "+format.Duration(a.Limit))
}

func (b builder) accountTable() *Table {
	t := b.byTarget(numbers("scheduled", "in time", "late", "of these after retries", "lost to faults", "failed besides", "censored", "not sent", "rounds"))
	for _, a := range b.a.Failover.Accounts {
		b.add(t, a.Target, a.Phase, []Cell{
			count(a.Scheduled), count(a.InTime), late(a), saved(a), fault(a.Lost), fault(a.Besides), count(a.Censored), count(a.Unsent), count(int64(a.Rounds)),
		})
	}
	return t
}
