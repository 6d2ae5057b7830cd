package document

import (
	"strings"
	"time"

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
		{ID: "faults", Title: "Faults", Table: b.faultTable(), Lines: findings, Figures: []string{"timeline"}, Notes: []string{format.Sentence(sentence.FaultMethod)}},
		{ID: "faultrounds", Rank: Aside, Table: b.faultRounds(), Notes: []string{format.Sentence(sentence.FaultRoundMethod)}},
		{ID: "faultledger", Table: b.accountTable(), Notes: []string{strings.Join(sentences(sentence.AccountMethod, sentence.LateAfter(b.a.Failover.Accounts)), " ")}},
	}
}

func (b builder) faultTable() *Table {
	t := b.byTarget(words("fault"), numbers("at s", "noticed ms", "errors for ms", "back after ms", "new server after ms", "lost", "p99 before ms", "p99 peak ms", "p99 high for s", "replicas", "rounds"))
	t.Keys = 3
	for _, f := range b.a.Failover.Faults {
		b.add(t, f.Target, f.Phase, []Cell{text(f.Kind), text(format.Number(f.At.Seconds()))}, faultCells(f))
	}
	return t
}

func faultCells(f failover.Fault) []Cell {
	if len(f.Cases) == 0 {
		return []Cell{faint("not injected"), none(), none(), none(), none(), none(), none(), none(), none(), text("0")}
	}
	noticed, back := medianCell(f.Noticed), medianOrZero(f.Recovered)
	if f.Noticed.N == 0 {
		noticed = faint("never")
	}
	if n := f.Never(); n > 0 {
		back = Cell{Text: "never", Tone: Bad}
		if n < len(f.Cases) {
			back = Cell{Text: "never in " + format.Plural(n, "round"), Tone: Bad}
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
		back = none() // from nothing
	}
	excursion := none()
	if f.Excursion.N > 0 {
		excursion = orLongest(text(format.Number(f.Excursion.Median.Value.Seconds())), f.Excursion, time.Second)
	}
	back = orLongest(back, f.Recovered, time.Millisecond)
	return []Cell{
		inRounds(noticed, f.Noticed.N, rounds), inRounds(errors, f.Losing(), rounds), inRounds(back, f.Losing(), rounds), inRounds(newServerCell(f), f.Answered.N, rounds),
		fault(f.Lost), inRounds(medianCell(f.P99Before), f.P99Before.N, rounds), inRounds(medianCell(f.P99Peak), f.P99Peak.N, rounds),
		inRounds(excursion, f.Slowed(), rounds), orNone(most > 0, replicas), count(int64(rounds)),
	}
}

// orLongest says beside a median of 0 what the longest is, in a unit.
func orLongest(c Cell, t sample.Times, unit time.Duration) Cell {
	if c.Text == "0" && t.Max >= time.Microsecond {
		c.Text += ", up to " + format.Number(float64(t.Max)/float64(unit))
	}
	return c
}

// inRounds says beside a figure that it was met in some of the rounds alone.
func inRounds(c Cell, n, rounds int) Cell {
	if n > 0 && n < rounds {
		c.Text += " " + sentence.InRounds(n, rounds)
	}
	return c
}

// faultRounds are the faults of each round.
func (b builder) faultRounds() *Table {
	t := b.byTarget(words("fault"), numbers("at s", "round"), words("done", "replica hit"), numbers("its share", "failed before", "failed", "noticed ms"), words("by", "new server"),
		numbers("ready ms", "first answer ms", "p99 before ms", "p99 peak ms", "p99 high for s"))
	t.Keys = 5
	for _, f := range b.a.Failover.Faults {
		for _, c := range f.Cases {
			failed := orNone(c.FailedBefore > 0, format.Percent(c.FailedBefore))
			if c.Failing {
				failed.Tone = Bad
			}
			b.add(t, f.Target, f.Phase, []Cell{
				text(f.Kind), text(format.Number(c.At.Seconds())), count(int64(c.Round)), text(c.Done), {Text: c.Replica, Code: true}, replicaShare(c), failed, fault(c.Lost),
				millisecondsOrNone(c.Noticed > 0, c.Noticed), text(c.By), {Text: c.New.Replica, Code: true},
				millisecondsOrNone(c.New.Ready > 0, c.New.Ready), millisecondsOrNone(c.New.Answered > 0, c.New.Answered),
				millisecondsOrNone(c.Before > 0, c.Before), millisecondsOrNone(c.Peak > 0, c.Peak), orNone(c.Excursion > 0, format.Number(c.Excursion.Seconds())),
			})
		}
	}
	return t
}

// replicaShare is the share of the answers that the replica gave that was hit.
func replicaShare(c failover.Case) Cell {
	if c.Share == nil {
		return none()
	}
	cell := text(format.Percent(*c.Share))
	if c.Idle() {
		cell.Tone = Bad
	}
	return cell
}

// medianOrZero is 0 of a time without length: a single request failed, or other replicas gave
// correct answers all the while.
func medianOrZero(t sample.Times) Cell {
	if t.N > 0 && t.Median.Value < time.Microsecond {
		return text("0")
	}
	return medianCell(t)
}

// newServerCell is when the server in the place of the one that was hit answered first.
func newServerCell(f failover.Fault) Cell {
	if f.Answered.N > 0 {
		return medianCell(f.Answered)
	}
	cell := none()
	for _, c := range f.Cases {
		switch {
		case c.New.Known:
			return faint("no answer")
		case c.New.Began > 0:
			cell = faint("not known")
		}
	}
	return cell
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
	return count(a.Late)
}

func (b builder) accountTable() *Table {
	t := b.byTarget(numbers("scheduled", "in time", "late", "of these after retries", "failed after faults", "failed besides", "censored", "not sent", "rounds"))
	for _, a := range b.a.Failover.Accounts {
		b.add(t, a.Target, a.Phase, []Cell{
			count(a.Scheduled), count(a.InTime), late(a), saved(a), fault(a.Lost), fault(a.Besides), count(a.Censored), count(a.Unsent), count(int64(a.Rounds)),
		})
	}
	return t
}
