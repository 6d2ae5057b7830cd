package figures

import (
	"math"
	"time"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func drawPercentiles(c draw.Canvas, p chart.Palette, v view, curves []curve) {
	limits := limitsOf(v.analysis.Run.Scenario.SLO)
	l := v.targets(false, nil)
	l = append(l, chart.Entry{Text: "response", Color: p.Ink, Line: 2},
		chart.Entry{Text: "service", Color: p.Ink, Line: 1.2, Dash: []vg.Length{4, 3}})
	if rounds(v) > 1 {
		l = append(l, chart.Entry{Text: "one round", Color: chart.Faint(p.Ink, 0.6), Line: 0.7})
	}
	l = append(l, chart.Entry{Text: "slowest", Color: p.Ink, Marker: chart.Circle.Hollow()})
	band := newFloorCurve(p, v.floor())
	x, y := percentileSpans(curves, limits, band)
	l = append(l, band.entry(y.Low)...)
	c = l.Draw(c, p)

	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, x, 1, 1)
	panel.X.Tick.Marker = percentileTicks{}
	panel.X.Label.Text = "percentile of requests, %"
	chart.LogAxis(&panel.Y, y, c.Max.Y-c.Min.Y, 40)
	panel.Add(band)
	addLimits(panel, limits, p)
	for _, cv := range curves {
		panel.Add(cv)
	}
	drawAlone(draw.Crop(c, 0, -6, 0, 0), p, panel, "latency, ms")
}

// percentileSpans returns the ranges of both axes. Limits far above all data
// are not shown: they would squeeze it.
func percentileSpans(curves []curve, limits []limit, band floorCurve) (x, y chart.Span) {
	x.Add(1)
	x.Add(20)
	for _, cv := range curves {
		for _, pt := range cv.points {
			y.Add(pt.Y)
		}
		y.Add(cv.max.Y)
		x.Add(cv.max.X)
	}
	for _, l := range limits {
		if l.y < y.High*30 {
			y.Add(l.y * 1.15)
		}
	}
	band.widen(&y)
	x.High *= 1.15
	return x, y.Padded(2)
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
	filled := chart.Glyph(cv.series.look.Marker, cv.style.Color, 3.4)
	for _, tick := range (percentileTicks{}).Ticks(panel.X.Min, panel.X.Max)[1:] {
		if i := nearest(cv.points, tick.Value); i >= 0 {
			c.DrawGlyph(filled, line[i])
		}
	}
	if cv.max.Y > 0 {
		hollow := chart.Glyph(cv.series.look.Marker.Hollow(), cv.style.Color, 3.8)
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
			limits = append(limits, limit{l.name, l.x, chart.Milliseconds(int64(l.most))})
		}
	}
	return limits
}

// addLimits draws the SLO as steps: up to its quantile, a curve has to stay
// below the limit.
func addLimits(panel *plot.Plot, limits []limit, p chart.Palette) {
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
	palette chart.Palette
}

// Plot implements plot.Plotter.
func (s step) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	sty := draw.LineStyle{Color: s.palette.Alarm, Width: 1}
	end := vg.Point{X: toX(math.Min(s.x, panel.X.Max)), Y: toY(s.y)}
	c.StrokeLine2(sty, toX(s.from), end.Y, end.X, end.Y)
	c.StrokeLine2(sty, end.X, end.Y-4, end.X, end.Y+4)
	text := chart.Face(chart.Small, s.palette.Alarm)
	text.YAlign = draw.YBottom
	c.FillText(text, vg.Point{X: toX(s.from) + 3, Y: end.Y + 3},
		"SLO "+s.name+" ≤ "+format.Number(s.y)+" ms")
}
