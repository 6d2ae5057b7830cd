package figures

import (
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
	f := v.figure("percentiles", 0)
	curves := percentileCurves(v)
	if len(curves) == 0 {
		return f
	}
	limits := limitsOf(v.analysis.Run.Scenario.SLO)
	floor := floorPoints(v.floor)
	x, y := percentileSpans(curves, limits, floor)
	return f.Shows(390, nil, func(c draw.Canvas, p chart.Palette) {
		var l chart.Legend
		for _, s := range v.series {
			l = append(l, targetEntry(s.Name, s.Look))
		}
		l = append(l, chart.Entry{Text: "response", Color: p.Ink, Line: 2}, chart.Entry{Text: "service", Color: p.Ink, Line: 1.2, Dash: chart.Dashed()})
		l = append(l, roundEntry(v, p)...)
		l = append(l, chart.Entry{Text: "slowest", Color: p.Ink, Marker: chart.Circle.Hollow()})
		c = append(l, floorEntry(p, v.floor, y.Low, 0.999)...).Draw(c, p)
		panel := chart.NewPanel(p)
		chart.LogAxis(&panel.X, x, 1, 1)
		panel.X.Tick.Marker = plot.TickerFunc(percentileTicks)
		panel.X.Label.Text = "percentile of requests, %"
		chart.LogAxis(&panel.Y, y, c.Max.Y-c.Min.Y, 40)
		panel.Add(floorCurve(p, floor))
		addLimits(panel, limits, p)
		for _, cv := range curves {
			panel.Add(chart.Mark(cv.draw))
		}
		chart.Single(panel, "latency, ms").Draw(chart.Inset(c), p)
	})
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
				c.look, c.style = s.Look, sty
				curves = append(curves, c)
			}
		}
		for _, r := range s.apart() {
			add(r.Response.Histogram, r.Ledger.Sent, chart.Stroke(chart.Faint(s.Look.Color, 0.6), 0.7))
		}
		add(s.row.Service.Histogram, s.row.Ledger.Sent, chart.Stroke(s.Look.Color, 1.2, chart.Dashed()...))
		add(s.row.Response.Histogram, s.row.Ledger.Sent, chart.Stroke(s.Look.Color, 2))
		curves[len(curves)-1].main = true
	}
	return curves
}

// percentileCurve walks from the fastest to the slowest request in steps that
// look even on the axis. sent is the number of requests the quantiles are of.
func percentileCurve(h *hdrhistogram.Histogram, sent int64) curve {
	answered := h.TotalCount()
	sent = max(sent, answered)
	last := float64(sent) / stat.TailCount // 1/(1−q) of the last quantile shown
	const perDecade = 40
	var c curve
	for i := 0; ; i++ {
		x := math.Pow(10, float64(i)/perDecade)
		rank := int64(math.Ceil((1 - 1/x) * float64(sent)))
		if c.endless = rank > answered; c.endless || x > last && i > 0 {
			break
		}
		share := float64(max(rank, 1)) / float64(answered)
		c.points = append(c.points, plotter.XY{X: x, Y: chart.Milliseconds(h.ValueAtQuantile(100 * share))})
	}
	c.max = plotter.XY{X: math.Max(float64(sent), 1), Y: chart.Milliseconds(h.Max())}
	return c
}

// percentileTicks labels 1/(1−q) with q in percent.
func percentileTicks(_, high float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 1, Label: "0"}, {Value: 2, Label: "50"}, {Value: 4, Label: "75"}}
	for label, x := "90", 10.0; x <= high*(1+1e-9); x *= 10 {
		ticks = append(ticks, plot.Tick{Value: x, Label: label})
		switch label {
		case "90":
			label = "99"
		case "99":
			label = "99.9"
		default:
			label += "9"
		}
	}
	return ticks
}

// percentileSpans returns the ranges of both axes. What is far from all data is not shown:
// it would squeeze them.
func percentileSpans(curves []curve, limits []limit, floor plotter.XYs) (x, y chart.Span) {
	x.Add(1, 20)
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
	for _, pt := range floor {
		if pt.Y > y.Low/10 {
			y.Add(pt.Y)
		}
	}
	x.High *= 1.15
	return x, y.Padded(2)
}

func (cv curve) draw(a chart.Area) {
	var line []vg.Point
	for _, pt := range cv.points {
		line = append(line, vg.Point{X: a.X(pt.X), Y: a.Y(pt.Y)})
	}
	a.StrokeLines(cv.style, a.ClipLinesXY(line)...)
	if cv.endless && len(line) > 0 {
		// An arrow leads from the last quantile that succeeded out of the figure.
		x, tip := line[len(line)-1].X, a.Max.Y
		a.StrokeLine2(chart.Stroke(cv.style.Color, cv.style.Width, 1.5, 2), x, line[len(line)-1].Y, x, tip-4)
		a.FillPolygon(cv.style.Color, []vg.Point{{X: x, Y: tip}, {X: x - 3, Y: tip - 6}, {X: x + 3, Y: tip - 6}})
	}
	if !cv.main {
		return
	}
	slowest := vg.Point{X: a.X(cv.max.X), Y: a.Y(cv.max.Y)}
	if !cv.endless && len(line) > 0 { // no quantile is known between these
		a.StrokeLines(chart.Stroke(cv.style.Color, 0.8, 1.5, 3), []vg.Point{line[len(line)-1], slowest})
	}
	for _, tick := range percentileTicks(a.Panel.X.Min, a.Panel.X.Max)[1:] {
		for i, pt := range cv.points {
			if math.Abs(math.Log(pt.X/tick.Value)) < 0.03 {
				a.DrawGlyph(chart.Glyph(cv.look.Marker, cv.style.Color, 3.4), line[i])
				break
			}
		}
	}
	a.DrawGlyph(chart.Glyph(cv.look.Marker.Hollow(), cv.style.Color, 3.8), slowest)
}

// limit is one quantile's limit of the SLO.
type limit struct {
	name string
	x, y float64 // 1/(1−q), milliseconds
}

func limitsOf(slo record.SLO) []limit {
	var limits []limit
	for i, most := range []time.Duration{slo.P50, slo.P90, slo.P99, slo.P999} {
		if most > 0 {
			limits = append(limits, limit{format.Quantile(stat.Quantiles()[i]), []float64{2, 10, 100, 1000}[i], chart.Milliseconds(most)})
		}
	}
	return limits
}

// addLimits draws the SLO as steps: up to its quantile, a curve has to stay
// below the limit.
func addLimits(panel *plot.Plot, limits []limit, p chart.Palette) {
	left := 1.0
	for _, l := range limits {
		if l.y > panel.Y.Max {
			continue
		}
		from := left
		panel.Add(chart.Mark(func(a chart.Area) {
			sty, text := chart.Stroke(p.Alarm, 1), chart.Face(chart.Small, p.Alarm)
			x, y := a.X(math.Min(l.x, panel.X.Max)), a.Y(l.y)
			a.StrokeLine2(sty, a.X(from), y, x, y)
			a.StrokeLine2(sty, x, y-4, x, y+4)
			text.YAlign = draw.YBottom
			a.FillText(text, vg.Point{X: a.X(from) + 3, Y: y + 3}, "SLO "+l.name+" ≤ "+format.Number(l.y)+" ms")
		}))
		left = l.x
	}
}
