package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PlotFunc makes a plot.Plotter of a function.
type PlotFunc func(draw.Canvas, *plot.Plot)

// Plot implements plot.Plotter.
func (f PlotFunc) Plot(c draw.Canvas, panel *plot.Plot) { f(c, panel) }

// Columns draws the values of bins as filled columns, or as their outline.
type Columns struct {
	Values []float64
	Bins   Bins
	Line   draw.LineStyle
	Fill   color.Color // nil: the outline alone
}

// Plot implements plot.Plotter. Neighbouring columns are one shape.
func (cs Columns) Plot(c draw.Canvas, panel *plot.Plot) {
	for from := 0; from < len(cs.Values); from++ {
		to := from
		for to < len(cs.Values) && cs.Values[to] > 0 {
			to++
		}
		if to > from {
			cs.run(c, panel, from, to)
			from = to
		}
	}
}

// run draws the columns [from, to).
func (cs Columns) run(c draw.Canvas, panel *plot.Plot, from, to int) {
	toX, toY := panel.Transforms(&c)
	clamp := func(x vg.Length) vg.Length { return min(max(x, c.Min.X), c.Max.X) }
	shape := []vg.Point{{X: clamp(toX(cs.Bins.Edge(from))), Y: c.Min.Y}}
	for i := from; i < to; i++ {
		// A sliver shows that there is something, however little.
		top := max(toY(cs.Values[i]), c.Min.Y+0.8)
		shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: top},
			vg.Point{X: clamp(toX(cs.Bins.Edge(i + 1))), Y: top})
	}
	shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: c.Min.Y})
	if cs.Fill != nil {
		c.FillPolygon(cs.Fill, shape)
	}
	if cs.Line.Width > 0 {
		c.StrokeLines(cs.Line, shape)
	}
}

// FillRect fills a rectangle.
func FillRect(c draw.Canvas, fill color.Color, left, low, right, high vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
}

// ErrorBar draws a horizontal interval with its ends.
func ErrorBar(c draw.Canvas, sty draw.LineStyle, low, high, y vg.Length) {
	c.StrokeLine2(sty, low, y, high, y)
	c.StrokeLine2(sty, low, y-3, low, y+3)
	c.StrokeLine2(sty, high, y-3, high, y+3)
}

// Dots draws points as a single path, which keeps an SVG of thousands of them
// small.
func Dots(points plotter.XYs, m Marker, c color.Color, radius vg.Length) plot.Plotter {
	return dots{points, m, c, radius}
}

type dots struct {
	points plotter.XYs
	marker Marker
	color  color.Color
	radius vg.Length
}

// Plot implements plot.Plotter.
func (d dots) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	var path vg.Path
	for _, pt := range d.points {
		at := vg.Point{X: toX(pt.X), Y: toY(pt.Y)}
		if c.Contains(at) {
			path = append(path, d.marker.path(at, d.radius)...)
		}
	}
	if len(path) == 0 {
		return
	}
	if d.marker.hollow() {
		c.SetLineStyle(draw.LineStyle{Color: d.color, Width: 1})
		c.Stroke(path)
		return
	}
	c.SetColor(d.color)
	c.Fill(path)
}
