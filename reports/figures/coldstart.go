package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// coldStarts draws every start of the server on every target, stage by stage.
func coldStarts(a *analysis.Analysis) Figure {
	f := Figure{
		Name:  "coldstarts",
		Title: "Cold starts",
		Caption: "A dot for each start: the time from its beginning until the stage was reached; the last one is " +
			"the first model answer. The upright line is the median, the band its 95 % interval. A red star is the last stage of a start that failed or whose first answer was not right; " +
			"such starts are drawn, but are in no median.",
		Conditions: "Logarithmic scale. " + format.Sentence(document.StagesMethod) + " Cold starts are no part of the latency figures. " + format.Sentence(document.StartMethod),
	}
	strips := stripsOf(a)
	var s chart.Span
	lines := 0
	for _, one := range strips {
		lines += 1 + len(one.rows)
		for _, row := range one.rows {
			for _, d := range append(slices.Clone(row.reached), row.failed...) {
				s.Add(chart.Milliseconds(d))
			}
		}
	}
	if s.Empty() {
		f.Missing = "no target got as far as to start a server"
		return f
	}
	s = s.Padded(2)
	f.Height = 58 + 15*vg.Length(lines)
	f.Data = startTable(a)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawStrips(c, p, strips, s) }
	return f
}

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

func stripsOf(a *analysis.Analysis) []strip {
	looks := looksOf(a.Run)
	stages := sample.StageNames(a.Run)
	var all []strip
	for _, c := range a.ColdStarts() {
		target := a.Run.Targets[slices.IndexFunc(a.Run.Targets, func(t record.Target) bool { return t.Name == c.Target })]
		one := strip{label: nameOf(a, c.Target), look: looks[c.Target], note: format.Plural(c.N, "start")}
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

func stripRowOf(t record.Target, c sample.ColdStart, stage string) stripRow {
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
func startTable(a *analysis.Analysis) Table {
	stages := sample.StageNames(a.Run)
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
			row := []string{nameOf(a, target.Name), pass(d)}
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

// paleInterval is the opacity of the band of an interval.
const paleInterval = 0.16

func drawStrips(c draw.Canvas, p chart.Palette, strips []strip, s chart.Span) {
	c = stripLegend(p, strips).Draw(c, p)
	l := list{names: 120, figures: 150, indent: 12, room: 102, gap: 10, marker: 4}
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, s, c.Max.X-c.Min.X-l.names-l.figures, 44)
	panel.X.Label.Text = "time since the beginning of the start, ms"
	for _, one := range strips {
		l.lines = append(l.lines, line{name: one.label, heading: true, look: &one.look, figure: one.note, alarm: one.alarm})
		for _, row := range one.rows {
			median := ""
			if len(row.reached) > 0 {
				median = medianText(row.median)
			}
			l.lines = append(l.lines, line{name: row.stage, figure: median, mark: stageDots{row, one.look.Color, p}.draw})
		}
	}
	l.draw(c, p, panel)
}

func stripLegend(p chart.Palette, strips []strip) chart.Legend {
	l := chart.Legend{
		{Text: "one start", Color: p.Ink, Marker: chart.Circle},
		{Text: "median", Color: p.Ink, Line: 2},
		{Text: "its 95 % interval", Color: chart.Faint(p.Ink, paleInterval), Block: true},
	}
	failed := func(r stripRow) bool { return len(r.failed) > 0 }
	if slices.ContainsFunc(strips, func(s strip) bool { return slices.ContainsFunc(s.rows, failed) }) {
		l = append(l, chart.Entry{Text: "failed, or not answered rightly", Color: p.Alarm, Marker: chart.Star})
	}
	return l
}

// medianText is "118 [106, 124] ms", the unit twice only where it is not the same.
func medianText(q stat.Quantile) string {
	value := format.Duration(q.Value)
	if !q.HasInterval {
		return value
	}
	bounds := format.Range(q.Low, q.High)
	if number, unit, _ := strings.Cut(value, " "); strings.HasSuffix(bounds, "] "+unit) {
		return number + " " + bounds
	}
	return value + " " + bounds
}

// stageDots draws one stage of all starts of a target.
type stageDots struct {
	stripRow
	color   color.NRGBA
	palette chart.Palette
}

// draw spreads the dots over the line's height, always in the same way, so that equal
// ones are seen.
func (d stageDots) draw(c draw.Canvas, panel *plot.Plot, middle float64) {
	toX, toY := panel.Transforms(&c)
	at := func(t time.Duration) vg.Length { return toX(max(chart.Milliseconds(t), panel.X.Min)) }
	if q := d.median; q.HasInterval {
		chart.FillRect(c, chart.Faint(d.palette.Ink, paleInterval), at(q.Low), toY(middle-0.4), at(q.High), toY(middle+0.4))
	}
	for i, t := range d.reached {
		// The golden ratio spreads any number of points evenly.
		_, part := math.Modf(float64(i) * math.Phi)
		c.DrawGlyph(chart.Glyph(chart.Circle, chart.Faint(d.color, 0.85), 1.9), vg.Point{X: at(t), Y: toY(middle + 0.56*(part-0.5))})
	}
	if len(d.reached) > 0 {
		x := at(d.median.Value)
		c.StrokeLine2(draw.LineStyle{Color: d.palette.Ink, Width: 1.4}, x, toY(middle-0.42), x, toY(middle+0.42))
	}
	for _, t := range d.failed {
		c.DrawGlyphNoClip(chart.Glyph(chart.Star, d.palette.Alarm, 3.4), vg.Point{X: at(t), Y: toY(middle)})
	}
}
