package figures

import (
	"fmt"
	"slices"

	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
		failed = failed || st.failed()
	}
	if failed {
		l = append(l, entry{text: "failed, not answered or ended", color: p.Alarm, marker: &marker{shape: star}})
	}
	c = l.draw(c, p)
	const names = 150
	panel := newPanel(p)
	logAxis(&panel.X, s, c.Max.X-c.Min.X-names, 56)
	panel.X.Label.Text = "time since the start, s"
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
	if r.start.failed() {
		c.DrawGlyphNoClip(glyph(marker{shape: star}, r.alarm.Alarm, 4), vg.Point{X: min(x+8, c.Max.X), Y: y})
	}
}
