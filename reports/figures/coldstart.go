package figures

import (
	"fmt"
	"slices"

	"servebench/reports/record"
	"servebench/reports/stats"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// coldStarts draws every start of the server on every target.
func coldStarts(a *stats.Analysis) Figure {
	f := Figure{
		Name:  "coldstarts",
		Title: "Cold starts",
		Caption: "One line for each start, one for every round of each target: the time from the request to deploy until each stage was " +
			"reached, up to the first model answer. A red star marks a start that failed or a server that ended on its own. No start is left out.",
		Conditions: "Cold starts are no part of the latency figures. Each one is drawn; none is averaged.",
	}
	starts := startsOf(a.Run)
	var s span
	for _, st := range starts {
		for _, stage := range st.deployment.Stages {
			s.add(stage.At.Seconds())
		}
	}
	if s.empty() {
		f.Missing = "no target got as far as to start a server"
		return f
	}
	s = s.padded(2)
	f.Height = 64 + vg.Length(startLines(starts))*startLine
	f.Data = startTable(starts)
	f.paint = func(c draw.Canvas, p Palette) { drawStarts(c, p, starts, s) }
	return f
}

const startLine vg.Length = 11

// start is one line of the figure.
type start struct {
	target     string
	first      bool // of its target
	look       look
	deployment record.Deployment
}

func startsOf(run *record.Run) []start {
	looks := looksOf(run)
	var all []start
	for _, t := range run.Targets {
		for i, d := range t.Deployments {
			all = append(all, start{label(t.Name), i == 0, looks[t.Name], d})
		}
	}
	return all
}

// startLines counts the lines with the gaps between targets.
func startLines(starts []start) int {
	n := len(starts)
	for _, s := range starts {
		if s.first {
			n++
		}
	}
	return n
}

// stageNames lists the stages of all starts as they came up.
func stageNames(starts []start) []string {
	var names []string
	for _, s := range starts {
		for _, stage := range s.deployment.Stages {
			if !slices.Contains(names, stage.Name) {
				names = append(names, stage.Name)
			}
		}
	}
	return names
}

func startTable(starts []start) Table {
	stages := stageNames(starts)
	t := Table{Head: []string{"target", "round"}}
	for _, name := range stages {
		t.Head = append(t.Head, label(name)+", ms")
	}
	t.Head = append(t.Head, "outcome")
	for _, s := range starts {
		row := []string{s.target, fmt.Sprint(s.deployment.Round)}
		for _, name := range stages {
			row = append(row, stageTime(s.deployment, name))
		}
		outcome := "answered"
		if s.deployment.Failed != "" {
			outcome = "failed"
		}
		t.Rows = append(t.Rows, append(row, outcome))
	}
	return t
}

func stageTime(d record.Deployment, name string) string {
	for _, stage := range d.Stages {
		if stage.Name == name {
			return stats.FormatMilliseconds(stage.At)
		}
	}
	return "–"
}

// stageMarker tells the stages apart by shape; the last one, the first answer,
// is filled.
func stageMarker(stages []string, name string) marker {
	if name == record.FirstAnswer {
		return marker{shape: circle}
	}
	shapes := []shape{diamond, square, triangle, inverted, pentagon, star}
	return marker{shapes[slices.Index(stages, name)%len(shapes)], true}
}

func drawStarts(c draw.Canvas, p Palette, starts []start, s span) {
	stages := stageNames(starts)
	var l legend
	failed := false
	for _, name := range stages {
		m := stageMarker(stages, name)
		l = append(l, entry{text: label(name), color: p.Ink, marker: &m})
	}
	for _, st := range starts {
		failed = failed || st.deployment.Failed != ""
	}
	if failed {
		l = append(l, entry{text: "failed or ended", color: p.Alarm, marker: &marker{shape: star}})
	}
	c = l.draw(c, p)
	const names = 150
	panel := newPanel(p)
	logAxis(&panel.X, s, c.Max.X-c.Min.X-names, 56)
	panel.X.Label.Text = "time since the request to deploy, s"
	lines := float64(startLines(starts))
	panel.Y.Min, panel.Y.Max = 0, lines
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	y := lines
	inner := draw.Crop(c, names, -6, 0, 0)
	rows := make([]startRow, len(starts))
	for i, st := range starts {
		if st.first {
			y -= 1
		}
		rows[i] = startRow{start: st, y: y, stages: stages, alarm: p}
		panel.Add(rows[i])
		y--
	}
	panel.Draw(inner)
	nameStarts(c, p, panel, panel.DataCanvas(inner), rows, names)
}

// nameStarts writes each target's name beside its first start, and the rounds.
func nameStarts(c draw.Canvas, p Palette, panel *plot.Plot, data draw.Canvas, rows []startRow, names vg.Length) {
	bold, sty := boldFace(small, p.Ink), face(7, p.Muted)
	bold.YAlign, sty.YAlign, sty.XAlign = draw.YCenter, draw.YCenter, draw.XRight
	for _, r := range rows {
		y := data.Y(panel.Y.Norm(r.y))
		if r.start.first {
			c.FillText(bold, vg.Point{X: c.Min.X, Y: y}, fit(r.start.target, names-60, bold.Width))
		}
		c.FillText(sty, vg.Point{X: data.Min.X - 6, Y: y}, fmt.Sprint("round ", r.start.deployment.Round))
	}
}

// startRow draws the stages of one start.
type startRow struct {
	start  start
	y      float64
	stages []string
	alarm  Palette
}

// Plot implements plot.Plotter.
func (r startRow) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	y, x := toY(r.y), c.Min.X
	for i, stage := range r.start.deployment.Stages {
		sty := draw.LineStyle{Color: faint(r.start.look.color, 0.6), Width: 1}
		if i == 0 { // a logarithmic axis has no zero to start from
			sty.Dashes = []vg.Length{1, 2.5}
		}
		to := toX(max(stage.At.Seconds(), panel.X.Min))
		c.StrokeLine2(sty, x, y, to, y)
		x = to
	}
	for _, stage := range r.start.deployment.Stages {
		at := vg.Point{X: toX(max(stage.At.Seconds(), panel.X.Min)), Y: y}
		c.DrawGlyph(glyph(stageMarker(r.stages, stage.Name), r.start.look.color, 3), at)
	}
	if r.start.deployment.Failed != "" {
		c.DrawGlyphNoClip(glyph(marker{shape: star}, r.alarm.Alarm, 4), vg.Point{X: min(x+8, c.Max.X), Y: y})
	}
}
