package html

import (
	"fmt"
	"slices"

	"servebench/reports/format"
	"servebench/reports/stats"
)

// coldStarts tells how long the servers took to start, up to each stage.
func (b builder) coldStarts() *table {
	if !slices.ContainsFunc(b.a.ColdStarts(), func(c stats.ColdStart) bool { return c.N+c.Failed > 0 }) {
		return nil
	}
	names := stats.StageNames(b.a.Run)
	prepared := stats.Prepared(b.a.ColdStarts())
	t := &table{Caption: b.startCaption(prepared), Head: append([]string{"target"}, names...)}
	p90 := slices.ContainsFunc(b.a.ColdStarts(), func(c stats.ColdStart) bool { return c.Whole().P90.Known })
	t.Head = append(t.Head, "fastest")
	if p90 {
		t.Head = append(t.Head, "p90")
	}
	t.Head = append(t.Head, "slowest", "starts", "failed")
	if prepared {
		t.Head = append(t.Head, "prepared")
	}
	for _, c := range b.a.ColdStarts() {
		if c.Running || c.N+c.Failed > 0 {
			row := b.startRow(c, names, p90)
			if prepared {
				row = append(row, preparedCell(c))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t.unlessEmpty()
}

// startCaption says what the stages are, and what is left out of them.
func (b builder) startCaption(prepared bool) string {
	caption := "From the beginning of each start until each stage was reached: medians, of all starts that came to a right first answer. " +
		"In small print: the 95 % interval, and the median of what the stage took by itself. " + capital(stats.StagesMethod)
	if prepared {
		caption += "; “prepared” is what that took before, a median, and in no stage"
	}
	if b.a.HasDiscardedStarts() {
		caption += ". Starts of discarded trials are among them"
	}
	return caption
}

func preparedCell(c stats.ColdStart) cell {
	if c.Prepared.N == 0 {
		return none()
	}
	return text(format.Duration(c.Prepared.Median.Value))
}

func (b builder) startRow(c stats.ColdStart, names []string, p90 bool) []cell {
	row := []cell{b.name(c.Target, "")}
	for _, name := range names {
		row = append(row, stageCell(c, name))
	}
	if c.Running && len(names) > 0 {
		row[len(row)-1] = weak(alreadyRunning)
	}
	whole := c.Whole()
	row = append(row, extreme(whole, format.Duration(whole.Min)))
	if p90 {
		row = append(row, p90Cell(whole))
	}
	row = append(row, extreme(whole, format.Duration(whole.Max)))
	if c.Running {
		return append(row, none(), none())
	}
	return append(row, text(fmt.Sprint(c.N)), count(int64(c.Failed)))
}

// alreadyRunning stands in place of the cold start of a server that was not
// started here.
const alreadyRunning = "already running"

func stageCell(c stats.ColdStart, name string) cell {
	i := slices.IndexFunc(c.Stages, func(s stats.StartStage) bool { return s.Name == name })
	if i < 0 {
		return none()
	}
	stage := c.Stages[i]
	shown := text(format.Duration(stage.At.Median.Value))
	if stage.At.Median.HasInterval {
		shown.Notes = append(shown.Notes, format.Range(stage.At.Median.Low, stage.At.Median.High))
	}
	if i > 0 {
		shown.Notes = append(shown.Notes, "took "+format.Duration(stage.Took.Median.Value))
	}
	return shown
}

func extreme(t stats.Times, shown string) cell {
	if t.N == 0 {
		return none()
	}
	return text(shown)
}

func p90Cell(t stats.Times) cell {
	switch {
	case t.N == 0:
		return none()
	case !t.P90.Known:
		return weak("n too small")
	case !t.P90.HasInterval:
		return text(format.Duration(t.P90.Value))
	}
	return noted(format.Duration(t.P90.Value), format.Range(t.P90.Low, t.P90.High))
}
