package figures

import (
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ecdf draws which share of all requests was answered, correctly if that was
// checked, within a time.
func ecdf(v view) Figure {
	an := "a correct answer"
	switch {
	case v.byStatus():
		an = "an answer with the status expected"
	case v.unchecked():
		an = "an answer (not checked)"
	}
	f := Figure{
		Name:  v.name("ecdf"),
		Title: v.title("Share of requests answered in time"),
		Caption: "The share of all requests sent that had " + an + " within the time on the x axis, from when " +
			"they were due (empirical cumulative distribution of the response time). A line levels off at the target's " +
			"success rate: failed and censored requests never count as answered. Thin: each round alone." + floorCaption(v),
		Conditions: v.conditions(),
		Height:     320,
	}
	x := responseSpan(v)
	if x.Empty() {
		f.Missing = noLatency
		return f
	}
	x = x.Padded(2)
	f.Data = ecdfTable(v, x)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawECDF(c, p, v, x) }
	return f
}

// noLatency is why figures of latency are missing.
const noLatency = "no request was answered correctly, so there is no latency to show"

// responseSpan returns from the fastest to the slowest answer, in milliseconds.
func responseSpan(v view) chart.Span {
	var x chart.Span
	for _, s := range v.series {
		x.AddTimes(s.row.Response.Histogram)
	}
	return x
}

func drawECDF(c draw.Canvas, p chart.Palette, v view, x chart.Span) {
	var l chart.Legend
	for _, s := range v.series {
		e := targetEntry(s.label+", "+format.Percent(chart.Share(s.row.Ledger.OK, s.row.Ledger.Sent))+" answered", s.look)
		e.Dash = s.look.Dash
		l = append(l, e)
	}
	l = append(l, roundEntry(v, p)...)
	l = append(l, floorEntry(p, v.floor(), x.Low)...)
	c = l.Draw(c, p)
	panel := chart.NewPanel(p)
	panel.Add(newFloorBand(p, v.floor(), true))
	chart.LogAxis(&panel.X, x, c.Max.X-c.Min.X, 60)
	panel.X.Label.Text = "response time, ms"
	panel.Y.Min, panel.Y.Max = 0, 1.03
	for _, s := range v.series {
		for _, r := range s.rounds {
			if len(s.rounds) > 1 && r.Response.Histogram != nil {
				panel.Add(&plotter.Line{
					XYs:       cumulative(r.Response.Histogram, r.Ledger.Sent, x, 150),
					LineStyle: draw.LineStyle{Color: chart.Faint(s.look.Color, 0.6), Width: 0.7},
				})
			}
		}
	}
	for _, s := range v.series {
		if s.row.Response.Histogram == nil {
			continue
		}
		line := cumulative(s.row.Response.Histogram, s.row.Ledger.Sent, x, 300)
		panel.Add(&plotter.Line{XYs: line, LineStyle: draw.LineStyle{
			Color: s.look.Color, Width: 2, Dashes: s.look.Dash}})
		panel.Add(&plotter.Scatter{XYs: quartersOf(line),
			GlyphStyle: chart.Glyph(s.look.Marker, s.look.Color, 3.2)})
	}
	drawAlone(draw.Crop(c, 0, -6, 0, 0), p, panel, "share of requests sent")
}

// cumulative returns the share of the requests sent that was answered within
// each of so many times evenly spread over a logarithmic axis.
func cumulative(h *hdrhistogram.Histogram, sent int64, x chart.Span, points int) plotter.XYs {
	sent = max(sent, h.TotalCount(), 1)
	at := make([]float64, points)
	for i := range at {
		at[i] = x.Low * math.Pow(x.High/x.Low, float64(i)/float64(points-1))
	}
	line := make(plotter.XYs, points)
	for i, n := range countsWithin(h, at) {
		line[i] = plotter.XY{X: at[i], Y: float64(n) / float64(sent)}
	}
	return line
}

// quartersOf returns the points of a line that get a marker: where it crosses
// each quarter of its end.
func quartersOf(line plotter.XYs) plotter.XYs {
	var marks plotter.XYs
	end := line[len(line)-1].Y
	next := 1
	for _, pt := range line {
		if next <= 4 && pt.Y >= end*float64(next)/4 {
			marks = append(marks, pt)
			for next <= 4 && pt.Y >= end*float64(next)/4 {
				next++
			}
		}
	}
	return marks
}

func ecdfTable(v view, x chart.Span) Table {
	t := Table{Head: []string{"answered within, ms"}}
	at := chart.LogSteps(x.Low, x.High, 14)
	for _, value := range at {
		t.Rows = append(t.Rows, []string{chart.Plain(value)})
	}
	t.Rows = append(t.Rows, []string{"at all"})
	for _, s := range v.series {
		t.Head = append(t.Head, s.label)
		for i, n := range countsWithin(s.row.Response.Histogram, at) {
			t.Rows[i] = append(t.Rows[i], format.Percent(chart.Share(n, s.row.Ledger.Sent)))
		}
		ever := format.Percent(chart.Share(s.row.Ledger.OK, s.row.Ledger.Sent))
		t.Rows[len(at)] = append(t.Rows[len(at)], ever)
	}
	return t
}

// countsWithin counts the answers within each of the times, which ascend, in
// milliseconds.
func countsWithin(h *hdrhistogram.Histogram, times []float64) []int64 {
	counts := make([]int64, len(times))
	bars := chart.Filled(h)
	var below int64
	for i, limit := range times {
		for len(bars) > 0 && chart.Milliseconds(bars[0].To) <= limit*(1+1e-9) {
			below += bars[0].Count
			bars = bars[1:]
		}
		counts[i] = below
	}
	return counts
}

// histograms draws one histogram of the response time for each target, under
// one another on the same axis.
func histograms(v view) Figure {
	f := Figure{
		Name:  v.name("histogram"),
		Title: v.title("Response time, distribution"),
		Caption: "Response time from when a request was due, in bins that are fixed on the logarithmic axis and the " +
			"same for every target; the height is the share of all requests sent. Outlines: each round alone. " +
			"Vertical lines: p50 (solid) and p99 (dashed) of the answered requests, p99 only where n allows it. " +
			"Cold starts are not in it: they have a separate figure." + floorCaption(v),
		Conditions: v.conditions(),
		Height:     44 + 104*vg.Length(max(len(v.series), 1)),
	}
	x := responseSpan(v)
	if x.Empty() {
		f.Missing = noLatency
		return f
	}
	x = x.Padded(2)
	b := chart.BinsOver(x, 130)
	f.Data = histogramTable(v, x)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawHistograms(c, p, v, x, b) }
	return f
}

func drawHistograms(c draw.Canvas, p chart.Palette, v view, x chart.Span, b chart.Bins) {
	l := chart.Legend{
		{Text: "p50", Color: p.Ink, Line: 1.2},
		{Text: "p99", Color: p.Ink, Line: 1.2, Dash: []vg.Length{4, 3}},
	}
	l = append(l, roundEntry(v, p)...)
	l = append(l, floorEntry(p, v.floor(), x.Low)...)
	c = draw.Crop(l.Draw(c, p), titleWidth, -6, 0, 0)
	var panels []*plot.Plot
	for _, s := range v.series {
		panels = append(panels, histogramPanel(p, s, x, b, c.Max.X-c.Min.X))
	}
	panels[len(panels)-1].X.Label.Text = "response time, ms"
	drawGrid(c, p, panels, 1, v.series, "% of requests")
}

func histogramPanel(p chart.Palette, s series, x chart.Span, b chart.Bins, length vg.Length) *plot.Plot {
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, x, length, 60)
	panel.Y.Min = 0
	panel.Y.Tick.Marker = chart.LinearTicks{Most: 4}
	panel.Add(newFloorBand(p, s.row.Floor, true))
	bars := percentages(b.Count(s.row.Response.Histogram), s.row.Ledger.Sent)
	panel.Add(chart.Columns{Values: bars, Bins: b, Fill: chart.Faint(s.look.Color, 0.75)})
	for _, r := range s.rounds {
		if len(s.rounds) > 1 && r.Response.Histogram != nil {
			outline := percentages(b.Count(r.Response.Histogram), r.Ledger.Sent)
			panel.Add(chart.Columns{Values: outline, Bins: b, Line: draw.LineStyle{Color: chart.Faint(p.Ink, 0.6), Width: 0.6}})
			bars = append(bars, outline...)
		}
	}
	panel.Y.Max = 1e-9
	for _, y := range bars {
		panel.Y.Max = max(panel.Y.Max, y*1.08)
	}
	for i, dash := range [][]vg.Length{nil, {4, 3}} {
		if q := s.row.Response.Quantiles[2*i]; q.Known {
			at := chart.Milliseconds(q.Value)
			panel.Add(&plotter.Line{
				XYs:       plotter.XYs{{X: at, Y: 0}, {X: at, Y: panel.Y.Max}},
				LineStyle: draw.LineStyle{Color: p.Ink, Width: 1.2, Dashes: dash},
			})
		}
	}
	return panel
}

func percentages(counts []int64, sent int64) []float64 {
	shares := make([]float64, len(counts))
	for i, n := range counts {
		shares[i] = 100 * chart.Share(n, sent)
	}
	return shares
}

func histogramTable(v view, x chart.Span) Table {
	b := chart.BinsOver(x, 24)
	t := Table{Head: []string{"from, ms", "to, ms"}}
	for i := range b.N {
		t.Rows = append(t.Rows, []string{format.Number(b.Edge(i)), format.Number(b.Edge(i + 1))})
	}
	for _, s := range v.series {
		t.Head = append(t.Head, s.label)
		for i, n := range b.Count(s.row.Response.Histogram) {
			t.Rows[i] = append(t.Rows[i], format.Count(n))
		}
	}
	return t
}
