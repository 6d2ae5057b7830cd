package chart

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Mark draws on the data area of a panel.
type Mark func(Area)

// Plot implements plot.Plotter.
func (m Mark) Plot(c draw.Canvas, panel *plot.Plot) {
	x, y := panel.Transforms(&c)
	m(Area{c, panel, x, y})
}

// Area is the data area of a panel, with the places of values on both axes.
type Area struct {
	draw.Canvas
	Panel *plot.Plot
	X, Y  func(float64) vg.Length
}

// Marker draws a marker at a place, whether or not that lies inside.
func (a Area) Marker(m Marker, c color.Color, radius, x, y vg.Length) {
	a.DrawGlyphNoClip(Glyph(m, c, radius), vg.Point{X: x, Y: y})
}

// Rect fills a rectangle.
func (a Area) Rect(c color.Color, left, low, right, high vg.Length) {
	fillRect(a.Canvas, c, left, low, right, high)
}

// ErrorBar draws a horizontal interval with its ends.
func (a Area) ErrorBar(sty draw.LineStyle, low, high, y vg.Length) {
	a.StrokeLine2(sty, low, y, high, y)
	a.StrokeLine2(sty, low, y-3, low, y+3)
	a.StrokeLine2(sty, high, y-3, high, y+3)
}

func fillRect(c draw.Canvas, fill color.Color, left, low, right, high vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
}

// Stroke is the style of a line.
func Stroke(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// Dashed is the pattern of lines that are not the main ones.
func Dashed() []vg.Length { return []vg.Length{4, 3} }

// Line draws a line through points.
func Line(points plotter.XYs, sty draw.LineStyle) plot.Plotter {
	return &plotter.Line{XYs: points, LineStyle: sty}
}

// Level is a line across the panel at a value of its vertical axis.
func Level(y float64, sty draw.LineStyle) Mark {
	return func(a Area) { a.StrokeLine2(sty, a.Min.X, a.Y(y), a.Max.X, a.Y(y)) }
}

// Columns draws the values of bins as filled columns, or as their outline.
type Columns struct {
	Values []float64
	Bins   Bins
	Line   draw.LineStyle
	Fill   color.Color // nil: the outline alone
}

// Plot implements plot.Plotter. Neighbouring columns are one shape.
func (cs Columns) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	edge := func(i int) vg.Length { return min(max(toX(cs.Bins.Edge(i)), c.Min.X), c.Max.X) }
	var shape []vg.Point
	for i, v := range slices.Concat(cs.Values, []float64{0}) {
		switch {
		case v > 0 && shape == nil:
			shape = []vg.Point{{X: edge(i), Y: c.Min.Y}}
			fallthrough
		case v > 0:
			// A sliver shows that there is something, however little.
			top := max(toY(v), c.Min.Y+0.8)
			shape = append(shape, vg.Point{X: edge(i), Y: top}, vg.Point{X: edge(i + 1), Y: top})
		case shape != nil:
			shape = append(shape, vg.Point{X: edge(i), Y: c.Min.Y})
			if cs.Fill != nil {
				c.FillPolygon(cs.Fill, shape)
			}
			if cs.Line.Width > 0 {
				c.StrokeLines(cs.Line, shape)
			}
			shape = nil
		}
	}
}

// Dots draws points as a single path, which keeps an SVG of thousands of them
// small.
func Dots(points plotter.XYs, m Marker, c color.Color, radius vg.Length) Mark {
	return func(a Area) {
		var path vg.Path
		for _, pt := range points {
			if at := (vg.Point{X: a.X(pt.X), Y: a.Y(pt.Y)}); a.Contains(at) {
				path = append(path, m.path(at, radius)...)
			}
		}
		switch {
		case len(path) == 0:
		case m.hollow():
			a.SetLineStyle(Stroke(c, 1))
			a.Stroke(path)
		default:
			a.SetColor(c)
			a.Fill(path)
		}
	}
}
