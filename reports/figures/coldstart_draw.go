package figures

import (
	"math"
	"slices"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The room beside the data for names and for figures.
const (
	stripNames   vg.Length = 120
	stripFigures vg.Length = 150
)

// paleInterval is the opacity of the band of an interval.
const paleInterval = 0.16

func drawStrips(c draw.Canvas, p chart.Palette, strips []strip, s chart.Span, lines int) {
	c = stripLegend(p, strips).Draw(c, p)
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, s, c.Max.X-c.Min.X-stripNames-stripFigures, 44)
	panel.X.Label.Text = "time since the beginning of the start, ms"
	panel.Y.Min, panel.Y.Max = 0, float64(lines)
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	inner := draw.Crop(c, stripNames, -stripFigures, 0, 0)
	y := float64(lines) - 0.5
	var names []func(draw.Canvas)
	write := func(y float64, f func(c draw.Canvas, y vg.Length)) {
		names = append(names, func(data draw.Canvas) { f(c, data.Y(panel.Y.Norm(y))) })
	}
	for _, one := range strips {
		write(y, func(c draw.Canvas, y vg.Length) { one.name(c, p, y) })
		y--
		for _, row := range one.rows {
			panel.Add(stageDots{row, y, one.look, p})
			write(y, func(c draw.Canvas, y vg.Length) { row.name(c, p, y) })
			y--
		}
	}
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for _, name := range names {
		name(data)
	}
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

// name writes a target's name, how often it was started, and how often in vain.
func (s strip) name(c draw.Canvas, p chart.Palette, y vg.Length) {
	c.DrawGlyphNoClip(chart.Glyph(s.look.Marker, s.look.Color, 3.4), vg.Point{X: c.Min.X + 4, Y: y})
	bold, sty := chart.BoldFace(chart.Small, p.Ink), chart.Face(chart.Small, p.Muted)
	bold.YAlign, sty.YAlign = draw.YCenter, draw.YCenter
	c.FillText(bold, vg.Point{X: c.Min.X + 12, Y: y}, fit(s.label, stripNames-18, bold.Width))
	right := c.Max.X - stripFigures + 10
	c.FillText(sty, vg.Point{X: right, Y: y}, s.note)
	if s.alarm != "" {
		alarm := chart.BoldFace(chart.Small, p.Alarm)
		alarm.YAlign = draw.YCenter
		c.FillText(alarm, vg.Point{X: right + sty.Width(s.note) + 8, Y: y}, s.alarm)
	}
}

// name writes a stage's name and its median.
func (r stripRow) name(c draw.Canvas, p chart.Palette, y vg.Length) {
	sty := chart.Face(chart.Small, p.Ink)
	sty.YAlign = draw.YCenter
	c.FillText(sty, vg.Point{X: c.Min.X + 12, Y: y}, fit(r.stage, stripNames-18, sty.Width))
	if len(r.reached) == 0 {
		return
	}
	c.FillText(sty, vg.Point{X: c.Max.X - stripFigures + 10, Y: y}, medianText(r.median))
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
	row     stripRow
	y       float64
	look    chart.Look
	palette chart.Palette
}

// Plot implements plot.Plotter. The dots are spread over the line's height, always
// in the same way, so that equal ones are told apart.
func (d stageDots) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	at := func(ms float64) vg.Length { return toX(max(ms, panel.X.Min)) }
	if q := d.row.median; q.HasInterval {
		low, high := at(chart.Milliseconds(int64(q.Low))), at(chart.Milliseconds(int64(q.High)))
		c.FillPolygon(chart.Faint(d.palette.Ink, paleInterval), []vg.Point{
			{X: low, Y: toY(d.y - 0.4)}, {X: high, Y: toY(d.y - 0.4)}, {X: high, Y: toY(d.y + 0.4)}, {X: low, Y: toY(d.y + 0.4)}})
	}
	for i, t := range d.row.reached {
		// The golden ratio spreads any number of points evenly.
		_, part := math.Modf(float64(i) * math.Phi)
		y := toY(d.y + 0.56*(part-0.5))
		c.DrawGlyph(chart.Glyph(chart.Circle, chart.Faint(d.look.Color, 0.85), 1.9), vg.Point{X: at(chart.Milliseconds(int64(t))), Y: y})
	}
	if len(d.row.reached) > 0 {
		x := at(chart.Milliseconds(int64(d.row.median.Value)))
		c.StrokeLine2(draw.LineStyle{Color: d.palette.Ink, Width: 1.4}, x, toY(d.y-0.42), x, toY(d.y+0.42))
	}
	for _, t := range d.row.failed {
		c.DrawGlyphNoClip(chart.Glyph(chart.Star, d.palette.Alarm, 3.4), vg.Point{X: at(chart.Milliseconds(int64(t))), Y: toY(d.y)})
	}
}
