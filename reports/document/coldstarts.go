package document

import (
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// onlyStarts are the results of a run that measures nothing else.
func (b builder) onlyStarts() []Section {
	if !b.a.OnlyStarts() {
		return nil
	}
	return b.startSections(Main)
}

// coldStarts are those of a run that measures a load.
func (b builder) coldStarts() []Section {
	if b.a.OnlyStarts() {
		return nil
	}
	return b.startSections(Aside)
}

// startSections tell how long the servers took to start, stage by stage.
func (b builder) startSections(rank Rank) []Section {
	starts := slices.DeleteFunc(b.a.ColdStarts(), func(c sample.ColdStart) bool { return !c.Running && c.N+c.Failed == 0 })
	if !slices.ContainsFunc(starts, func(c sample.ColdStart) bool { return !c.Running }) {
		return nil
	}
	stages := sample.StageNames(b.a.Run)
	var titles []string
	for _, name := range append(slices.Clone(stages), "min", "p90", "max") {
		titles = append(titles, name+" ms")
	}
	t := &Table{Columns: append(words("target"), numbers(append(titles, "n", "failed", "prepared ms")...)...), Keys: 1}
	for _, c := range starts {
		t.Rows = append(t.Rows, Row{Cells: b.startCells(c, starts, stages)})
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
	return []Section{{ID: "coldstarts", Title: "Cold starts", Rank: rank, Notes: notes, Table: t}}
}

// startCells are the cells of a target; those of columns that no target needs are empty.
func (b builder) startCells(c sample.ColdStart, all []sample.ColdStart, stages []string) []Cell {
	any := func(is func(sample.ColdStart) bool) bool { return slices.ContainsFunc(all, is) }
	row := []Cell{{Text: b.a.Label(c.Target), Target: c.Target}}
	for i, name := range stages {
		if c.Running && i == len(stages)-1 {
			row = append(row, faint("already running"))
			continue
		}
		row = append(row, stageCell(c, name))
	}
	whole, p90, failed, prepared := c.Whole(), Cell{}, Cell{}, Cell{}
	if any(func(c sample.ColdStart) bool { return c.Whole().P90.Known }) {
		switch p90 = faint("n too small"); {
		case whole.N == 0:
			p90 = none()
		case whole.P90.Known:
			p90 = milliseconds(whole.P90.Value, whole.P90.HasInterval, whole.P90.Low, whole.P90.High)
		}
	}
	if any(func(c sample.ColdStart) bool { return c.Failed > 0 }) {
		failed = fault(int64(c.Failed))
		failed.Notes = b.unanswered(c.Target)
	}
	if sample.Prepared(all) {
		prepared = millisecondsOrNone(c.Prepared.N > 0, c.Prepared.Median.Value)
	}
	if c.Running {
		return append(row, none(), p90, none(), none(), failed, prepared)
	}
	return append(row, millisecondsOrNone(whole.N > 0, whole.Min), p90, millisecondsOrNone(whole.N > 0, whole.Max), count(int64(c.N)), failed, prepared)
}

func stageCell(c sample.ColdStart, name string) Cell {
	i := slices.IndexFunc(c.Stages, func(s sample.StartStage) bool { return s.Name == name })
	if i < 0 {
		return none()
	}
	stage := c.Stages[i]
	m := stage.At.Median
	cell := milliseconds(m.Value, m.HasInterval, m.Low, m.High)
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
