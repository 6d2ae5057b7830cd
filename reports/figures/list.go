package figures

import (
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// list is lines under one another on a common horizontal axis, each with a name to the
// left of the data and a figure to their right.
type list struct {
	lines          []line
	names, figures vg.Length // the room beside the data
	indent         vg.Length // of the names
	room           vg.Length // for an indented name
	gap            vg.Length // from the data to the figures
	marker         vg.Length // where the markers stand
}

// line is one line of a list. A heading has no figure but a note.
type line struct {
	name    string
	heading bool
	look    *chart.Look // its marker stands before the name; nil: none
	figure  string
	alarm   string // beside the figure
	// mark draws what is on the line, whose middle is y; nil: nothing.
	mark func(c draw.Canvas, panel *plot.Plot, y float64)
}

// draw draws the lines in a panel whose horizontal axis is set.
func (l list) draw(c draw.Canvas, p chart.Palette, panel *plot.Plot) {
	panel.Y.Min, panel.Y.Max = 0, float64(len(l.lines))
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	middle := func(i int) float64 { return float64(len(l.lines)-i) - 0.5 }
	for i, one := range l.lines {
		if one.mark != nil {
			panel.Add(chart.PlotFunc(func(c draw.Canvas, panel *plot.Plot) { one.mark(c, panel, middle(i)) }))
		}
	}
	inner := draw.Crop(c, l.names, -l.figures, 0, 0)
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for i, one := range l.lines {
		l.write(c, p, one, data.Y(panel.Y.Norm(middle(i))))
	}
}

// write writes what stands to the left and to the right of a line.
func (l list) write(c draw.Canvas, p chart.Palette, one line, y vg.Length) {
	name, figure := chart.Face(chart.Small, p.Ink), chart.Face(chart.Small, p.Ink)
	if one.heading {
		name, figure = chart.BoldFace(chart.Small, p.Ink), chart.Face(chart.Small, p.Muted)
	}
	alarm := chart.BoldFace(chart.Small, p.Alarm)
	name.YAlign, figure.YAlign, alarm.YAlign = draw.YCenter, draw.YCenter, draw.YCenter
	left, right := c.Min.X, c.Max.X-l.figures+l.gap
	if one.look != nil {
		c.DrawGlyphNoClip(chart.Glyph(one.look.Marker, one.look.Color, 3.4), vg.Point{X: left + l.marker, Y: y})
	}
	text := one.name
	if !one.heading || one.look != nil {
		left, text = left+l.indent, fit(text, l.room, name.Width)
	}
	c.FillText(name, vg.Point{X: left, Y: y}, text)
	c.FillText(figure, vg.Point{X: right, Y: y}, one.figure)
	c.FillText(alarm, vg.Point{X: right + figure.Width(one.figure) + 8, Y: y}, one.alarm)
}
