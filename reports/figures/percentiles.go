package figures

import (
	"fmt"
	"math"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// percentiles draws latency over the share of requests that took longer.
func percentiles(v view) Figure {
	f := Figure{
		Name:  v.name("percentiles"),
		Title: v.title("Latency by percentile"),
		Caption: "How slow the slowest requests are: to the right, ever fewer requests took longer. " +
			"Solid: response time, from when a request was due; dashed: service time, from when it was sent. " +
			"Thin: each round alone. Quantiles are of all requests sent: failed and censored ones count as " +
			"endless, so a curve that has to leave the figure ends with an arrow. A curve ends where fewer than " +
			"10 requests lie beyond it; the hollow marker is the slowest answer." + floorCurveCaption(v),
		Conditions: v.conditions() + " The headline table has the quantiles of the answered requests with their intervals.",
		Height:     390,
	}
	curves := percentileCurves(v)
	if len(curves) == 0 {
		f.Missing = noLatency
		return f
	}
	f.Data = percentileTable(v)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawPercentiles(c, p, v, curves) }
	return f
}

// curve is one line of the figure with the style it is drawn in.
type curve struct {
	points  plotter.XYs // x = 1/(1−q), y in milliseconds
	endless bool        // the requests beyond the last point never succeeded
	max     plotter.XY  // the slowest answer
	look    chart.Look
	style   draw.LineStyle
	main    bool // response time of all rounds
}

func percentileCurves(v view) []curve {
	var curves []curve
	for _, s := range v.series {
		if s.row.Response.Histogram == nil {
			continue
		}
		add := func(h *hdrhistogram.Histogram, sent int64, sty draw.LineStyle) {
			if h != nil {
				c := percentileCurve(h, sent)
				c.look, c.style = s.look, sty
				curves = append(curves, c)
			}
		}
		if len(s.rounds) > 1 {
			for _, r := range s.rounds {
				add(r.Response.Histogram, r.Ledger.Sent, draw.LineStyle{Color: chart.Faint(s.look.Color, 0.6), Width: 0.7})
			}
		}
		add(s.row.Service.Histogram, s.row.Ledger.Sent, draw.LineStyle{Color: s.look.Color, Width: 1.2, Dashes: []vg.Length{4, 3}})
		add(s.row.Response.Histogram, s.row.Ledger.Sent, draw.LineStyle{Color: s.look.Color, Width: 2})
		curves[len(curves)-1].main = true
	}
	return curves
}

// percentileCurve walks from the fastest to the slowest request in steps that
// look even on the axis. sent is the number of requests the quantiles are of.
func percentileCurve(h *hdrhistogram.Histogram, sent int64) curve {
	ok := h.TotalCount()
	sent = max(sent, ok)
	last := float64(sent) / stat.TailCount // 1/(1−q) of the last quantile shown
	const perDecade = 40
	var c curve
	for i := 0; ; i++ {
		x := math.Pow(10, float64(i)/perDecade)
		rank := int64(math.Ceil((1 - 1/x) * float64(sent)))
		if rank > ok {
			c.endless = true
			break
		}
		if x > last && i > 0 {
			break
		}
		c.points = append(c.points, plotter.XY{X: x, Y: atRank(h, max(rank, 1))})
	}
	c.max = plotter.XY{X: math.Max(float64(sent), 1), Y: chart.Milliseconds(h.Max())}
	return c
}

// atRank returns the latency in milliseconds of the rank-th fastest answer.
func atRank(h *hdrhistogram.Histogram, rank int64) float64 {
	return chart.Milliseconds(h.ValueAtQuantile(100 * float64(rank) / float64(h.TotalCount())))
}

// percentileTicks labels 1/(1−q) with q in percent.
type percentileTicks struct{}

// Ticks implements plot.Ticker.
func (percentileTicks) Ticks(low, high float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 1, Label: "0"}, {Value: 2, Label: "50"}, {Value: 4, Label: "75"}}
	label, nines := "90", 1
	for x := 10.0; x <= high*(1+1e-9); x *= 10 {
		ticks = append(ticks, plot.Tick{Value: x, Label: label})
		switch nines++; nines {
		case 2:
			label = "99"
		case 3:
			label = "99.9"
		default:
			label += "9"
		}
	}
	return ticks
}

func percentileTable(v view) Table {
	t := Table{Head: []string{"target", "time", "n", "p50, ms", "p90, ms", "p99, ms", "p99.9, ms", "max, ms", "beyond"}}
	for _, s := range v.series {
		for _, kind := range []struct {
			name string
			h    *hdrhistogram.Histogram
		}{{"response", s.row.Response.Histogram}, {"service", s.row.Service.Histogram}} {
			if kind.h == nil {
				continue
			}
			sent := max(s.row.Ledger.Sent, kind.h.TotalCount())
			row := []string{s.label, kind.name, format.Count(sent)}
			for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
				row = append(row, quantileOfAll(kind.h, q, sent))
			}
			row = append(row, format.Number(chart.Milliseconds(kind.h.Max())),
				fmt.Sprintf("%s failed or censored", format.Count(sent-kind.h.TotalCount())))
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// quantileOfAll writes a quantile of all requests sent.
func quantileOfAll(h *hdrhistogram.Histogram, q float64, sent int64) string {
	rank := max(int64(math.Ceil(q*float64(sent))), 1)
	switch {
	case rank > h.TotalCount():
		return "∞"
	case !stat.Known(q, sent):
		return "n too small"
	}
	return format.Number(atRank(h, rank))
}

func drawPercentiles(c draw.Canvas, p chart.Palette, v view, curves []curve) {
	limits := limitsOf(v.analysis.Run.Scenario.SLO)
	var l chart.Legend
	for _, s := range v.series {
		l = append(l, targetEntry(s.label, s.look))
	}
	l = append(l, chart.Entry{Text: "response", Color: p.Ink, Line: 2},
		chart.Entry{Text: "service", Color: p.Ink, Line: 1.2, Dash: []vg.Length{4, 3}})
	l = append(l, roundEntry(v, p)...)
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
	filled := chart.Glyph(cv.look.Marker, cv.style.Color, 3.4)
	for _, tick := range (percentileTicks{}).Ticks(panel.X.Min, panel.X.Max)[1:] {
		if i := nearest(cv.points, tick.Value); i >= 0 {
			c.DrawGlyph(filled, line[i])
		}
	}
	c.DrawGlyph(chart.Glyph(cv.look.Marker.Hollow(), cv.style.Color, 3.8), vg.Point{X: toX(cv.max.X), Y: toY(cv.max.Y)})
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
			limits = append(limits, limit{l.name, l.x, chart.Milliseconds(l.most)})
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
