package text

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// coldStarts tells how long the servers took to start, stage by stage.
func (p *page) coldStarts() {
	starts := p.analysis.ColdStarts()
	if !slices.ContainsFunc(starts, func(c stats.ColdStart) bool { return c.N > 0 }) {
		return
	}
	p.space()
	p.wrapped("", "COLD START: milliseconds from the beginning of a start until each stage was reached, medians; up to FIRST ANSWER is the whole. Starts that failed are counted apart.")
	p.table(p.startTable(starts))
	p.startNotes(starts)
	for _, c := range starts {
		if c.Running {
			p.line("%s: already running, so it has no cold start", p.name(c.Target))
		}
	}
}

// startNotes say what the stages are, what they leave out, and which starts are
// among them.
func (p *page) startNotes(starts []stats.ColdStart) {
	text := strings.ToUpper(stats.StagesMethod[:1]) + stats.StagesMethod[1:]
	if stats.Prepared(starts) {
		text += "; PREPARED is what that took before, a median, and in no stage"
	}
	p.wrapped("", text+".")
	if p.analysis.HasDiscardedStarts() {
		p.line("Starts of discarded trials are among them.")
	}
}

// startTable leaves out the columns that no target has anything for.
func (p *page) startTable(starts []stats.ColdStart) *table {
	names := slices.DeleteFunc(stats.StageNames(p.analysis.Run), func(name string) bool { return name == record.FirstAnswer })
	t := &table{head: []string{"TARGET"}, left: map[int]bool{0: true, len(names) + 1: true}}
	for _, name := range names {
		t.head = append(t.head, strings.ToUpper(clean(name)))
	}
	t.head = append(t.head, strings.ToUpper(record.FirstAnswer)+" [95% CI]", "MIN", "P90", "MAX", "n", "FAILED", "PREPARED")
	failed := slices.ContainsFunc(starts, func(c stats.ColdStart) bool { return c.Failed > 0 })
	prepared := stats.Prepared(starts)
	p90 := slices.ContainsFunc(starts, func(c stats.ColdStart) bool { return c.Whole().P90.Known })
	for _, c := range starts {
		if c.Running {
			continue
		}
		row := []string{p.name(c.Target)}
		for _, name := range names {
			row = append(row, medianAt(c, name))
		}
		whole := c.Whole()
		row = append(row, median(whole))
		row = append(row, extremes(whole, p90)...)
		row = append(row, fmt.Sprint(c.N), "", "")
		if failed {
			row[len(row)-2] = fmt.Sprint(c.Failed)
		}
		if prepared {
			row[len(row)-1] = preparedIn(c)
		}
		t.add(row...)
	}
	return t
}

func preparedIn(c stats.ColdStart) string {
	if c.Prepared.N == 0 {
		return none
	}
	return stats.FormatMilliseconds(c.Prepared.Median.Value)
}

func medianAt(c stats.ColdStart, name string) string {
	for _, s := range c.Stages {
		if s.Name == name {
			return stats.FormatMilliseconds(s.At.Median.Value)
		}
	}
	return none
}

func median(t stats.Times) string {
	switch {
	case t.N == 0:
		return none
	case !t.Median.HasInterval:
		return stats.FormatMilliseconds(t.Median.Value)
	}
	return stats.FormatMilliseconds(t.Median.Value) + " " + interval(t.Median.Low, t.Median.High)
}

// extremes are the columns beside the median; p90 is left out where no target
// has starts enough for it.
func extremes(t stats.Times, p90 bool) []string {
	if t.N == 0 {
		return []string{none, "", none}
	}
	all := []string{stats.FormatMilliseconds(t.Min), "", stats.FormatMilliseconds(t.Max)}
	switch {
	case t.P90.Known:
		all[1] = stats.FormatMilliseconds(t.P90.Value)
	case p90:
		all[1] = "n too small"
	}
	return all
}
