package figures

import (
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// histograms draws one histogram of the response time for each target, under
// one another on the same axis.
func histograms(v view) Figure {
	f := Figure{
		Name:  v.name("histogram"),
		Title: v.title("Response time, distribution"),
		Caption: "Response time from when a request was due, in bins that are fixed on the logarithmic axis and the " +
			"same for every target; the height is the share of all requests sent. Outlines: each round alone. " +
			"Vertical lines: p50 (solid) and p99 (dashed) of the answered requests, p99 only where n allows it. " +
			"Cold starts are not in it: they have a figure of their own." + floorCaption(v),
		Conditions: v.conditions(),
		Height:     44 + 104*vg.Length(max(len(v.series), 1)),
	}
	x := responseSpan(v)
	if x.Empty() {
		f.Missing = "no request was answered correctly, so there is no latency to show"
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
	if rounds(v) > 1 {
		l = append(l, chart.Entry{Text: "one round", Color: chart.Faint(p.Ink, 0.6), Line: 0.7})
	}
	l = append(l, floorEntry(p, v.floor(), x.Low)...)
	c = draw.Crop(l.Draw(c, p), titleWidth, -6, 0, 0)
	plots := make([][]*plot.Plot, len(v.series))
	for i, s := range v.series {
		panel := histogramPanel(p, s, x, b, c.Max.X-c.Min.X)
		if i == len(v.series)-1 {
			panel.X.Label.Text = "response time, ms"
		}
		plots[i] = []*plot.Plot{panel}
	}
	drawStack(c, p, plots, v.series, "% of requests")
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
			at := chart.Milliseconds(int64(q.Value))
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
