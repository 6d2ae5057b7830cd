package figures

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// columns draws the values of bins as filled columns, or as their outline.
type columns struct {
	values []float64
	bins   bins
	line   draw.LineStyle
	fill   color.Color // nil: the outline alone
}

// Plot implements plot.Plotter. Neighbouring columns are one shape.
func (cs columns) Plot(c draw.Canvas, panel *plot.Plot) {
	for from := 0; from < len(cs.values); from++ {
		to := from
		for to < len(cs.values) && cs.values[to] > 0 {
			to++
		}
		if to > from {
			cs.run(c, panel, from, to)
			from = to
		}
	}
}

// run draws the columns [from, to).
func (cs columns) run(c draw.Canvas, panel *plot.Plot, from, to int) {
	toX, toY := panel.Transforms(&c)
	clamp := func(x vg.Length) vg.Length { return min(max(x, c.Min.X), c.Max.X) }
	shape := []vg.Point{{X: clamp(toX(cs.bins.edge(from))), Y: c.Min.Y}}
	for i := from; i < to; i++ {
		// A sliver shows that there is something, however little.
		top := max(toY(cs.values[i]), c.Min.Y+0.8)
		shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: top},
			vg.Point{X: clamp(toX(cs.bins.edge(i + 1))), Y: top})
	}
	shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: c.Min.Y})
	if cs.fill != nil {
		c.FillPolygon(cs.fill, shape)
	}
	if cs.line.Width > 0 {
		c.StrokeLines(cs.line, shape)
	}
}
