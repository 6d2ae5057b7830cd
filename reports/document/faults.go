package document

import (
	"strings"
	"time"

	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// faults tell what the scenario's faults cost, and what became of every request of the
// phases that had them.
func (b builder) faults() []element.Section {
	if b.a.Failover == nil {
		return nil
	}
	var findings []element.Line
	for _, f := range b.a.Failover.Faults {
		l := element.Line{Target: f.Target, Text: b.a.Label(f.Target) + b.InPhase(f.Phase) + ": " + sentence.FaultResult(f) + "."}
		if f.Never() > 0 {
			l.Tone = element.Bad
		}
		findings = append(findings, l)
	}
	return []element.Section{
		{ID: "faults", Title: "Faults", Table: b.faultTable(), Lines: findings, Figures: []string{"timeline"}, Notes: []string{format.Sentence(sentence.FaultMethod)}},
		{ID: "faultrounds", Rank: element.Aside, Table: b.faultRounds(), Notes: []string{format.Sentence(sentence.FaultRoundMethod)}},
		{ID: "faultledger", Table: b.accountTable(), Notes: []string{strings.Join(sentences(sentence.AccountMethod, sentence.LateAfter(b.a.Failover.Accounts)), " ")}},
	}
}

func (b builder) faultTable() *element.Table {
	t := element.ByTarget(element.Words("fault"), element.Numbers("at s", "noticed ms", "errors for ms", "back after ms", "new server after ms", "lost", "p99 before ms", "p99 peak ms", "p99 high for s", "replicas", "rounds"))
	t.Keys = 3
	for _, f := range b.a.Failover.Faults {
		b.Add(t, f.Target, f.Phase, []element.Cell{element.Text(f.Kind), element.Text(format.Number(f.At.Seconds()))}, faultCells(f))
	}
	return t
}

func faultCells(f failover.Fault) []element.Cell {
	if len(f.Cases) == 0 {
		return []element.Cell{element.Muted("not injected"), element.None(), element.None(), element.None(), element.None(), element.None(), element.None(), element.None(), element.None(), element.Text("0")}
	}
	noticed, back := medianCell(f.Noticed), medianOrZero(f.Recovered)
	if f.Noticed.N == 0 {
		noticed = element.Muted("never")
	}
	if n := f.Never(); n > 0 {
		back = element.Cell{Text: "never", Tone: element.Bad}
		if n < len(f.Cases) {
			back = element.Cell{Text: "never in " + format.Plural(n, "round"), Tone: element.Bad}
		}
	}
	fewest, most := f.Cases[0].Replicas, 0 // 0: not known, or none was ready
	for _, c := range f.Cases {
		fewest, most = min(fewest, c.Replicas), max(most, c.Replicas)
	}
	replicas := format.Count(int64(fewest))
	if fewest < most {
		replicas += " to " + format.Count(int64(most))
	}
	errors, rounds := orLongest(medianOrZero(f.Burst), f.Burst, time.Millisecond), len(f.Cases)
	if f.Lost == 0 {
		back = element.None() // from nothing
	}
	excursion := element.None()
	if f.Excursion.N > 0 {
		excursion = orLongest(element.Text(format.Number(f.Excursion.Median.Value.Seconds())), f.Excursion, time.Second)
	}
	back = orLongest(back, f.Recovered, time.Millisecond)
	return []element.Cell{
		inRounds(noticed, f.Noticed.N, rounds), inRounds(errors, f.Losing(), rounds), inRounds(back, f.Losing(), rounds), inRounds(newServerCell(f), f.Answered.N, rounds),
		element.Fault(f.Lost), inRounds(medianCell(f.P99Before), f.P99Before.N, rounds), inRounds(medianCell(f.P99Peak), f.P99Peak.N, rounds),
		inRounds(excursion, f.Slowed(), rounds), element.OrNone(most > 0, replicas), element.Count(int64(rounds)),
	}
}

// orLongest says beside a median of 0 what the longest is, in a unit.
func orLongest(c element.Cell, t sample.Times, unit time.Duration) element.Cell {
	if c.Text == "0" && t.Max >= time.Microsecond {
		c.Text += ", up to " + format.Number(float64(t.Max)/float64(unit))
	}
	return c
}

// inRounds says beside a figure that it was met in some of the rounds alone.
func inRounds(c element.Cell, n, rounds int) element.Cell {
	if n > 0 && n < rounds {
		c.Text += " " + sentence.InRounds(n, rounds)
	}
	return c
}

// faultRounds are the faults of each round.
func (b builder) faultRounds() *element.Table {
	t := element.ByTarget(element.Words("fault"), element.Numbers("at s", "round"), element.Words("done", "replica hit"), element.Numbers("its share", "failed before", "failed", "noticed ms"), element.Words("by", "new server"),
		element.Numbers("ready ms", "first answer ms", "p99 before ms", "p99 peak ms", "p99 high for s"))
	t.Keys = 5
	for _, f := range b.a.Failover.Faults {
		for _, c := range f.Cases {
			failed := element.OrNone(c.FailedBefore > 0, format.Percent(c.FailedBefore))
			if c.Failing {
				failed.Tone = element.Bad
			}
			b.Add(t, f.Target, f.Phase, []element.Cell{
				element.Text(f.Kind), element.Text(format.Number(c.At.Seconds())), element.Count(int64(c.Round)), element.Text(c.Done), {Text: c.Replica, Code: true}, replicaShare(c), failed, element.Fault(c.Lost),
				element.MillisecondsOrNone(c.Noticed > 0, c.Noticed), element.Text(c.By), {Text: c.New.Replica, Code: true},
				element.MillisecondsOrNone(c.New.Ready > 0, c.New.Ready), element.MillisecondsOrNone(c.New.Answered > 0, c.New.Answered),
				element.MillisecondsOrNone(c.Before > 0, c.Before), element.MillisecondsOrNone(c.Peak > 0, c.Peak), element.OrNone(c.Excursion > 0, format.Number(c.Excursion.Seconds())),
			})
		}
	}
	return t
}

// replicaShare is the share of the answers that the replica gave that was hit.
func replicaShare(c failover.Case) element.Cell {
	if c.Share == nil {
		return element.None()
	}
	cell := element.Text(format.Percent(*c.Share))
	if c.Idle() {
		cell.Tone = element.Bad
	}
	return cell
}

// medianOrZero is 0 of a time without length: a single request failed, or other replicas gave
// correct answers all the while.
func medianOrZero(t sample.Times) element.Cell {
	if t.N > 0 && t.Median.Value < time.Microsecond {
		return element.Text("0")
	}
	return medianCell(t)
}

// newServerCell is when the server in the place of the one that was hit answered first.
func newServerCell(f failover.Fault) element.Cell {
	if f.Answered.N > 0 {
		return medianCell(f.Answered)
	}
	cell := element.None()
	for _, c := range f.Cases {
		switch {
		case c.New.Known:
			return element.Muted("no answer")
		case c.New.Began > 0:
			cell = element.Muted("not known")
		}
	}
	return cell
}

// medianCell is the median over rounds, with its interval.
func medianCell(t sample.Times) element.Cell {
	if t.N == 0 {
		return element.None()
	}
	return element.Milliseconds(t.Median.Value, t.Median.HasInterval, t.Median.Low, t.Median.High)
}

// saved are the requests that were answered correctly because they were sent again.
func saved(a failover.Account) element.Cell {
	if a.Retries.Requests == 0 {
		return element.Cell{}
	}
	return element.With(format.Count(a.Retries.OK), format.Plural(int(a.Retries.Attempts), "attempt")+" more")
}

// late are the answers that came later than the limit, if there is one.
func late(a failover.Account) element.Cell {
	if a.Limit == 0 {
		return element.None()
	}
	return element.Count(a.Late)
}

func (b builder) accountTable() *element.Table {
	t := element.ByTarget(element.Numbers("scheduled", "in time", "late", "of these after retries", "failed after faults", "failed besides", "censored", "not sent", "rounds"))
	for _, a := range b.a.Failover.Accounts {
		b.Add(t, a.Target, a.Phase, []element.Cell{
			element.Count(a.Scheduled), element.Count(a.InTime), late(a), saved(a), element.Fault(a.Lost), element.Fault(a.Besides), element.Count(a.Censored), element.Count(a.Unsent), element.Count(int64(a.Rounds)),
		})
	}
	return t
}
