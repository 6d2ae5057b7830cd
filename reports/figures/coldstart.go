package figures

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// coldStarts draws every start of the server on every target, stage by stage.
func coldStarts(a *stats.Analysis) Figure {
	f := Figure{
		Name:  "coldstarts",
		Title: "Cold starts",
		Caption: "A dot for each start: the time from its beginning until the stage was reached; the last one is " +
			"the first model answer. The upright line is the median, the band its 95 % interval. A red star is the last stage of a start that failed or whose first answer was not right; " +
			"such starts are drawn, but are in no median.",
		Conditions: "Logarithmic scale. " + capital(stats.StagesMethod) + ". Cold starts are no part of the latency figures. " + capital(stats.StartMethod) + ".",
	}
	strips := stripsOf(a)
	var s chart.Span
	lines := 0
	for _, one := range strips {
		lines += 1 + len(one.rows)
		for _, row := range one.rows {
			for _, d := range append(slices.Clone(row.reached), row.failed...) {
				s.Add(chart.Milliseconds(int64(d)))
			}
		}
	}
	if s.Empty() {
		f.Missing = "no target got as far as to start a server"
		return f
	}
	s = s.Padded(2)
	f.Height = 58 + vg.Length(lines)*stripLine
	f.Data = startTable(a)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawStrips(c, p, strips, s, lines) }
	return f
}

const stripLine vg.Length = 15

// strip is one target's part of the figure.
type strip struct {
	label string
	look  chart.Look
	note  string // how many starts there are
	alarm string // how many of them failed; ""
	rows  []stripRow
}

// stripRow is one stage of a strip.
type stripRow struct {
	stage   string
	reached []time.Duration // by starts that came to a right first answer
	failed  []time.Duration // by starts that came no further
	median  stat.Quantile   // of reached
}

func stripsOf(a *stats.Analysis) []strip {
	looks := looksOf(a.Run)
	stages := stats.StageNames(a.Run)
	var all []strip
	for _, c := range a.ColdStarts() {
		target := a.Run.Targets[slices.IndexFunc(a.Run.Targets, func(t record.Target) bool { return t.Name == c.Target })]
		one := strip{label: label(a.Label(c.Target)), look: looks[c.Target], note: plural(c.N, "start")}
		if c.Running {
			one.note = "already running"
		}
		if c.Failed > 0 {
			one.alarm = fmt.Sprintf("%d failed", c.Failed)
		}
		for _, stage := range stages {
			if row := stripRowOf(target, c, stage); len(row.reached)+len(row.failed) > 0 {
				one.rows = append(one.rows, row)
			}
		}
		if c.Running || len(target.Deployments) > 0 {
			all = append(all, one)
		}
	}
	return all
}

func stripRowOf(t record.Target, c stats.ColdStart, stage string) stripRow {
	row := stripRow{stage: label(stage)}
	for _, d := range t.Deployments {
		last := len(d.Stages) - 1
		i := slices.IndexFunc(d.Stages, func(s record.Stage) bool { return s.Name == stage })
		switch {
		case i < 0:
		case d.Stages[last].Name == record.FirstAnswer:
			row.reached = append(row.reached, d.Stages[i].At)
		case i == last:
			row.failed = append(row.failed, d.Stages[i].At)
		}
	}
	for _, s := range c.Stages {
		if s.Name == stage {
			row.median = s.At.Median
		}
	}
	return row
}

// startTable lists every start in the order they were made.
func startTable(a *stats.Analysis) Table {
	stages := stats.StageNames(a.Run)
	t := Table{Head: []string{"target", "round"}}
	for _, name := range stages {
		t.Head = append(t.Head, label(name)+", ms")
	}
	t.Head = append(t.Head, "outcome")
	for _, target := range a.Run.Targets {
		for _, d := range target.Deployments {
			if target.Running {
				continue
			}
			row := []string{label(a.Label(target.Name)), pass(d)}
			for _, name := range stages {
				row = append(row, stageTime(d, name))
			}
			t.Rows = append(t.Rows, append(row, outcome(d)))
		}
	}
	return t
}

// pass is a start's round, and whether it was rerun.
func pass(d record.Deployment) string {
	if d.Attempt > 0 {
		return fmt.Sprintf("%d again", d.Round)
	}
	return fmt.Sprint(d.Round)
}

func outcome(d record.Deployment) string {
	switch {
	case d.Failed != "":
		return "failed"
	case d.FirstAnswerError != "":
		return "no right first answer"
	}
	return "answered"
}

func stageTime(d record.Deployment, name string) string {
	for _, stage := range d.Stages {
		if stage.Name == name {
			return format.Milliseconds(stage.At)
		}
	}
	return "–"
}
