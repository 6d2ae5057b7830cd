package figures

import (
	"math"
	"time"

	"servebench/reports/stats"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The room beside the bars for names and for figures.
const (
	taxNames   vg.Length = 130
	taxFigures vg.Length = 170
)

func drawTax(c draw.Canvas, p Palette, groups [][]taxBar, lines int) {
	c = legend{
		{text: "place: network and virtualisation", color: p.Muted, block: true},
		{text: "model", color: faint(p.Muted, paleness), block: true},
		{text: "95 % interval of the place", color: p.Ink, line: 1.4},
	}.draw(c, p)
	panel := newPanel(p)
	panel.X.Label.Text = "response time, ms"
	panel.X.Min, panel.X.Max = 0, longestBar(groups)*1.03
	panel.X.Tick.Marker = linearTicks{most: 9}
	panel.Y.Min, panel.Y.Max = 0, float64(lines)
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	inner := draw.Crop(c, taxNames, -taxFigures, 0, 0)
	y := float64(lines) - 0.5
	var names []func(data draw.Canvas)
	for _, group := range groups {
		names = append(names, quantileHeading(c, p, panel, y, group[0].row.Q))
		y--
		for _, b := range group {
			bar := drawnBar{b, y, p}
			panel.Add(bar)
			names = append(names, func(data draw.Canvas) { bar.name(c, data.Y(panel.Y.Norm(bar.y))) })
			y--
		}
	}
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for _, name := range names {
		name(data)
	}
}

// quantileHeading writes above a group which quantile it is of.
func quantileHeading(c draw.Canvas, p Palette, panel *plot.Plot, y float64, q float64) func(draw.Canvas) {
	bold := boldFace(small, p.Ink)
	bold.YAlign = draw.YCenter
	return func(data draw.Canvas) {
		c.FillText(bold, vg.Point{X: c.Min.X, Y: data.Y(panel.Y.Norm(y))}, stats.QuantileName(q)+" response time")
	}
}

// paleness is the opacity of the model's part of a bar.
const paleness = 0.35

func longestBar(groups [][]taxBar) float64 {
	longest := 0.0
	for _, group := range groups {
		for _, b := range group {
			longest = math.Max(longest, math.Max(inMilliseconds(b.row.Whole), inMilliseconds(b.row.Place.High)))
		}
	}
	return math.Max(longest, 1e-6)
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// drawnBar is a bar on its line.
type drawnBar struct {
	taxBar
	y       float64
	palette Palette
}

// name writes what stands to the left and to the right of a bar.
func (b drawnBar) name(c draw.Canvas, y vg.Length) {
	c.DrawGlyphNoClip(glyph(marker{shape: b.look.shape}, b.look.color, 3.4), vg.Point{X: c.Min.X + 14, Y: y})
	sty := face(small, b.palette.Ink)
	sty.YAlign = draw.YCenter
	c.FillText(sty, vg.Point{X: c.Min.X + 23, Y: y}, fit(b.label, taxNames-28, sty.Width))
	c.FillText(sty, vg.Point{X: c.Max.X - taxFigures + 10, Y: y}, b.parts())
}

// Plot implements plot.Plotter.
func (b drawnBar) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	low, high := toY(b.y-0.34), toY(b.y+0.34)
	block := func(from, to time.Duration, opacity float64) {
		left, right := toX(inMilliseconds(from)), toX(inMilliseconds(to))
		c.FillPolygon(faint(b.look.color, opacity), []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
	}
	block(0, b.row.Place.Value, 1)
	if b.row.Model.ToldApart {
		block(b.row.Place.Value, b.row.Whole, paleness)
	}
	if !b.row.Place.HasInterval {
		return
	}
	sty := draw.LineStyle{Color: b.palette.Ink, Width: 1.4}
	left, right, y := toX(inMilliseconds(b.row.Place.Low)), toX(inMilliseconds(b.row.Place.High)), toY(b.y)
	c.StrokeLine2(sty, left, y, right, y)
	c.StrokeLine2(sty, left, y-3, left, y+3)
	c.StrokeLine2(sty, right, y-3, right, y+3)
}
