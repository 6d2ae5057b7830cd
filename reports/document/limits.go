package document

import (
	"slices"
	"time"

	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// limits are those of the SLO, the worst first.
func (b builder) limits() []element.Section {
	a := b.a
	if a.AB != nil || a.Empty() || a.Refused() {
		return nil
	}
	if len(a.Gates) == 0 && a.Run.Capacity != nil {
		return nil // the search says at which rate they hold
	}
	if len(a.Gates) == 0 {
		return []element.Section{{ID: "limits", Title: "Limits", Rank: element.Appendix, Lines: []element.Line{{Text: "The scenario sets no limits."}}}}
	}
	observed := element.Numbers("observed")
	if a.Run.Capacity != nil { // all of its limits are capacities
		observed = element.Ranged("observed", "[certified, breaks)")
	}
	t := &element.Table{Columns: slices.Concat(element.Words("verdict", "target", "phase", "limit"), observed, element.Numbers("n")), Keys: 4}
	for _, g := range sentence.WorstFirst(a.Gates) {
		l := sentence.NewLimit(g)
		row := element.Row{Cells: []element.Cell{
			element.Judged(g.Verdict), {Text: a.Label(g.Target), Target: g.Target}, element.Text(b.Phase(g.Phase)), element.Text(g.Metric + " " + l.Limit),
			{Text: l.Observed, Interval: l.Interval, Both: sentence.LimitWithin(g)}, element.Text(sentence.SampleOf(g)),
		}}
		if g.Verdict != record.InvalidInstrument { // which is said once, with the verdict
			row.Notes = sentences(l.Why, l.Note)
		}
		t.Rows = append(t.Rows, row)
	}
	s := element.Section{ID: "limits", Title: "Limits", Table: t}
	if a.By != "" {
		s.Notes = append(s.Notes, "Judged by "+a.By+", not by the limits that the run was made with.")
	}
	if slo := a.SLO; a.Run.Capacity != nil {
		if slo.Capacity > 0 {
			s.Notes = append(s.Notes, sentence.CapacityLimit)
		}
		if c := a.Run.Scenario.Cost; slo.CostPerMillion > 0 && c != nil {
			s.Notes = append(s.Notes, sentence.CostLimit(*c))
		}
	} else if slo.Deadline() > 0 || slo.Service != (record.Quantiles{}) || slo.FirstByte != (record.Quantiles{}) {
		s.Notes = append(s.Notes, "In these limits a failed request counts as slower than any.")
	}
	if line := sentence.RoundsLine(a); line != "" {
		s.Notes = append(s.Notes, line)
	}
	if rounds, command := a.More(); command != "" {
		s.Lines = append(s.Lines, b.moreRounds(rounds, command)...)
	}
	return []element.Section{s}
}

// patience is how long a run may take that is proposed.
const patience = 2 * time.Hour

// moreRounds propose to play so many rounds, unless that would take too long.
func (b builder) moreRounds(rounds int, command string) []element.Line {
	takes := b.a.RoundsTake(rounds)
	number := format.Plural(rounds, "round") + " in all"
	switch {
	case takes >= time.Hour:
		number += ", which would take " + format.Duration(takes) + ","
	case takes > 0:
		number += ", which would take " + takes.Round(time.Second).String() + ","
	}
	if takes > patience {
		return []element.Line{{Fix: "It takes about " + number + " to settle what is undecided. Measure on a quieter machine, where rounds differ less, or leave more room between the figures and the limits."}}
	}
	lines := []element.Line{{Fix: "About " + number + " may settle what is undecided.", Command: command}}
	if b.a.By != "" && len(b.a.Limits) == 0 {
		lines = append(lines, element.Line{Fix: "Judge that run by the same limits.", Command: "servebench gate RUN " + b.a.By})
	}
	return lines
}

// sentences are those of the clauses that there are.
func sentences(clauses ...string) []string {
	var all []string
	for _, c := range clauses {
		if c != "" {
			all = append(all, format.Sentence(c))
		}
	}
	return all
}
