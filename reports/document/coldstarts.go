package document

import (
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// onlyStarts are the results of a run that measures nothing else.
func (b builder) onlyStarts() []element.Section {
	if !b.a.OnlyStarts() {
		return nil
	}
	return b.startSections(element.Main)
}

// coldStarts are those of a run that measures a load.
func (b builder) coldStarts() []element.Section {
	if b.a.OnlyStarts() {
		return nil
	}
	return b.startSections(element.Aside)
}

// startSections tell how long the servers took to start, stage by stage.
func (b builder) startSections(rank element.Rank) []element.Section {
	starts := slices.DeleteFunc(b.a.ColdStarts(), func(c sample.ColdStart) bool { return !c.Running && c.N+c.Failed == 0 })
	if !slices.ContainsFunc(starts, func(c sample.ColdStart) bool { return !c.Running }) {
		return nil
	}
	stages := sample.StageNames(b.a.Run)
	var titles []string
	for _, name := range append(slices.Clone(stages), "min", "p90", "max") {
		titles = append(titles, name+" ms")
	}
	t := &element.Table{Columns: append(element.Words("target"), element.Numbers(append(titles, "n", "failed", "prepared ms")...)...), Keys: 1}
	for _, c := range starts {
		t.Rows = append(t.Rows, element.Row{Cells: b.startCells(c, starts, stages)})
	}
	notes := []string{
		"From the beginning of a start until each stage was reached: medians of the starts that reached a right first answer. Failed starts are counted separately.",
		format.Sentence(sentence.StagesMethod),
	}
	if sample.Prepared(starts) {
		notes = append(notes, "Prepared is how long that took before, a median, and in no stage.")
	}
	if b.a.HasDiscardedStarts() {
		notes = append(notes, "Starts of discarded trials are among them.")
	}
	return []element.Section{{ID: "coldstarts", Title: "Cold starts", Rank: rank, Notes: notes, Table: t}}
}

// startCells are the cells of a target; those of columns that no target needs are empty.
func (b builder) startCells(c sample.ColdStart, all []sample.ColdStart, stages []string) []element.Cell {
	any := func(is func(sample.ColdStart) bool) bool { return slices.ContainsFunc(all, is) }
	row := []element.Cell{{Text: b.a.Label(c.Target), Target: c.Target}}
	for i, name := range stages {
		if c.Running && i == len(stages)-1 {
			row = append(row, element.Muted("already running"))
			continue
		}
		row = append(row, stageCell(c, name))
	}
	whole, p90, failed, prepared := c.Whole(), element.Cell{}, element.Cell{}, element.Cell{}
	if any(func(c sample.ColdStart) bool { return c.Whole().P90.Known }) {
		switch p90 = element.Muted("n too small"); {
		case whole.N == 0:
			p90 = element.None()
		case whole.P90.Known:
			p90 = element.Milliseconds(whole.P90.Value, whole.P90.HasInterval, whole.P90.Low, whole.P90.High)
		}
	}
	if any(func(c sample.ColdStart) bool { return c.Failed > 0 }) {
		failed = element.Fault(int64(c.Failed))
		failed.Notes = b.unanswered(c.Target)
	}
	if sample.Prepared(all) {
		prepared = element.MillisecondsOrNone(c.Prepared.N > 0, c.Prepared.Median.Value)
	}
	if c.Running {
		return append(row, element.None(), p90, element.None(), element.None(), failed, prepared)
	}
	return append(row, element.MillisecondsOrNone(whole.N > 0, whole.Min), p90, element.MillisecondsOrNone(whole.N > 0, whole.Max), element.Count(int64(c.N)), failed, prepared)
}

func stageCell(c sample.ColdStart, name string) element.Cell {
	i := slices.IndexFunc(c.Stages, func(s sample.StartStage) bool { return s.Name == name })
	if i < 0 {
		return element.None()
	}
	stage := c.Stages[i]
	m := stage.At.Median
	cell := element.Milliseconds(m.Value, m.HasInterval, m.Low, m.High)
	if i > 0 { // not the median of what it took, which would not add up
		cell.Notes = append(cell.Notes, "+"+format.Duration(max(0, m.Value-c.Stages[i-1].At.Median.Value)))
	}
	return cell
}

// unanswered says how long the starts took at least that came to no right first answer.
func (b builder) unanswered(target string) []string {
	i := slices.IndexFunc(b.a.Rows, func(r sample.Row) bool { return r.Target == target && len(r.Unanswered) > 0 })
	if i < 0 {
		return nil
	}
	all := b.a.Rows[i].Unanswered
	return []string{format.Plural(len(all), "start") + " without a right first answer: > " + format.Duration(slices.Min(all))}
}
