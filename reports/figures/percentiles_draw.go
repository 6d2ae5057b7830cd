package figures

import (
	"math"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func drawPercentiles(c draw.Canvas, p Palette, v view, curves []curve) {
	limits := limitsOf(v.analysis.Run.Scenario.SLO)
	l := v.targets(false, nil)
	l = append(l, entry{text: "response", color: p.Ink, line: 2},
		entry{text: "service", color: p.Ink, line: 1.2, dash: []vg.Length{4, 3}})
	if rounds(v) > 1 {
		l = append(l, entry{text: "one round", color: faint(p.Ink, 0.6), line: 0.7})
	}
	l = append(l, entry{text: "slowest", color: p.Ink, marker: &marker{hollow: true}})
	band := newFloorCurve(p, v.floor())
	x, y := percentileSpans(curves, limits, band)
	l = append(l, band.entry(y.low)...)
	c = l.draw(c, p)

	panel := newPanel(p)
	logAxis(&panel.X, x, 1, 1)
	panel.X.Tick.Marker = percentileTicks{}
	panel.X.Label.Text = "percentile of requests, %"
	logAxis(&panel.Y, y, c.Max.Y-c.Min.Y, 40)
	panel.Add(band)
	addLimits(panel, limits, p)
	for _, cv := range curves {
		panel.Add(cv)
	}
	drawAlone(draw.Crop(c, 0, -6, 0, 0), p, panel, "latency, ms")
}

// percentileSpans returns the ranges of both axes. Limits far above all data
// are not shown: they would squeeze it.
func percentileSpans(curves []curve, limits []limit, band floorCurve) (x, y span) {
	x.add(1)
	x.add(20)
	for _, cv := range curves {
		for _, pt := range cv.points {
			y.add(pt.Y)
		}
		y.add(cv.max.Y)
		x.add(cv.max.X)
	}
	for _, l := range limits {
		if l.y < y.high*30 {
			y.add(l.y * 1.15)
		}
	}
	band.widen(&y)
	x.high *= 1.15
	return x, y.padded(2)
}

// Plot implements plot.Plotter.
func (cv curve) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	var line []vg.Point
	for _, pt := range cv.points {
		line = append(line, vg.Point{X: toX(pt.X), Y: toY(pt.Y)})
	}
	c.StrokeLines(cv.style, c.ClipLinesXY(line)...)
	if cv.endless && len(line) > 0 {
		cv.arrow(c, line[len(line)-1])
	}
	if !cv.main {
		return
	}
	filled := glyph(marker{shape: cv.series.look.shape}, cv.style.Color, 3.4)
	for _, tick := range (percentileTicks{}).Ticks(panel.X.Min, panel.X.Max)[1:] {
		if i := nearest(cv.points, tick.Value); i >= 0 {
			c.DrawGlyph(filled, line[i])
		}
	}
	if cv.max.Y > 0 {
		hollow := glyph(marker{cv.series.look.shape, true}, cv.style.Color, 3.8)
		c.DrawGlyph(hollow, vg.Point{X: toX(cv.max.X), Y: toY(cv.max.Y)})
	}
}

// arrow leads from the last quantile that succeeded out of the figure.
func (cv curve) arrow(c draw.Canvas, from vg.Point) {
	sty := cv.style
	sty.Dashes = []vg.Length{1.5, 2}
	tip := c.Max.Y
	c.StrokeLine2(sty, from.X, from.Y, from.X, tip-4)
	c.FillPolygon(sty.Color, []vg.Point{
		{X: from.X, Y: tip}, {X: from.X - 3, Y: tip - 6}, {X: from.X + 3, Y: tip - 6}})
}

// nearest returns the index of the point at x, −1 when there is none close by.
func nearest(points plotter.XYs, x float64) int {
	for i, pt := range points {
		if math.Abs(math.Log(pt.X/x)) < 0.03 {
			return i
		}
	}
	return -1
}

// limit is one quantile's limit of the SLO.
type limit struct {
	name string
	x, y float64 // 1/(1−q), milliseconds
}

func limitsOf(slo record.SLO) []limit {
	var limits []limit
	for _, l := range []struct {
		name string
		x    float64
		most time.Duration
	}{{"p50", 2, slo.P50}, {"p90", 10, slo.P90}, {"p99", 100, slo.P99}, {"p99.9", 1000, slo.P999}} {
		if l.most > 0 {
			limits = append(limits, limit{l.name, l.x, milliseconds(int64(l.most))})
		}
	}
	return limits
}

// addLimits draws the SLO as steps: up to its quantile, a curve has to stay
// below the limit.
func addLimits(panel *plot.Plot, limits []limit, p Palette) {
	from := 1.0
	for _, l := range limits {
		if l.y > panel.Y.Max {
			continue
		}
		panel.Add(step{from: from, limit: l, palette: p})
		from = l.x
	}
}

type step struct {
	from float64
	limit
	palette Palette
}

// Plot implements plot.Plotter.
func (s step) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	sty := draw.LineStyle{Color: s.palette.Alarm, Width: 1}
	end := vg.Point{X: toX(math.Min(s.x, panel.X.Max)), Y: toY(s.y)}
	c.StrokeLine2(sty, toX(s.from), end.Y, end.X, end.Y)
	c.StrokeLine2(sty, end.X, end.Y-4, end.X, end.Y+4)
	text := face(small, s.palette.Alarm)
	text.YAlign = draw.YBottom
	c.FillText(text, vg.Point{X: toX(s.from) + 3, Y: end.Y + 3},
		"SLO "+s.name+" ≤ "+format.Number(s.y)+" ms")
}
