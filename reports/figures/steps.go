package figures

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// steps draws a value that holds for each whole window.
type steps struct {
	lane  lane
	value func(window) float64
	style draw.LineStyle
}

// Plot implements plot.Plotter. Rounds are not connected: time passed between
// them that was not measured.
func (s steps) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	lines := map[int][]vg.Point{}
	for _, w := range s.lane.windows {
		y := toY(s.value(w))
		lines[w.round] = append(lines[w.round], vg.Point{X: toX(w.from), Y: y}, vg.Point{X: toX(w.to), Y: y})
	}
	for _, r := range s.lane.rounds {
		c.StrokeLines(s.style, c.ClipLinesXY(lines[r.row.Round])...)
	}
}

// dots draws points as a single path, which keeps an SVG of thousands of them
// small.
type dots struct {
	points plotter.XYs
	marker marker
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
	if d.marker.hollow {
		c.SetLineStyle(draw.LineStyle{Color: d.color, Width: 1})
		c.Stroke(path)
		return
	}
	c.SetColor(d.color)
	c.Fill(path)
}
