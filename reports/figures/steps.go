package figures

import (
	"gonum.org/v1/plot"
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
