package figures

import (
	"math"

	"servebench/reports/document/element"
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
	f, x := v.figure("ecdf", 0), responseSpan(v)
	if x.Empty() {
		return f
	}
	x = x.Padded(2)
	return f.Shows(320, ecdfTable(v, x), func(c draw.Canvas, p chart.Palette) {
		var l chart.Legend
		for _, s := range v.series {
			e := targetEntry(s.Name+", "+answeredShare(s)+" answered", s.Look)
			e.Dash = s.Look.Dash
			l = append(l, e)
		}
		l = append(l, roundEntry(v, p)...)
		c = append(l, floorEntry(p, v.floor, x.Low, bandTop)...).Draw(c, p)
		panel := chart.NewPanel(p)
		panel.Add(floorBand(p, v.floor, true))
		chart.LogAxis(&panel.X, x, c.Max.X-c.Min.X, 60)
		panel.X.Label.Text = "response time, ms"
		panel.Y.Min, panel.Y.Max = 0, 1.03
		for _, s := range v.series {
			for _, r := range s.apart() {
				panel.Add(chart.Line(cumulative(r.Response.Histogram, r.Ledger.Sent, x, 150), chart.Stroke(chart.Faint(s.Look.Color, 0.6), 0.7)))
			}
		}
		for _, s := range v.series {
			if s.row.Response.Histogram != nil {
				line := cumulative(s.row.Response.Histogram, s.row.Ledger.Sent, x, 300)
				panel.Add(chart.Line(line, chart.Stroke(s.Look.Color, 2, s.Look.Dash...)),
					&plotter.Scatter{XYs: quartersOf(line), GlyphStyle: chart.Glyph(s.Look.Marker, s.Look.Color, 3.2)})
			}
		}
		chart.Single(panel, "share of requests sent").Draw(chart.Inset(c), p)
	})
}

// answeredShare is the share of the requests sent that was answered.
func answeredShare(s series) string {
	return format.Percent(chart.Share(s.row.Ledger.OK, s.row.Ledger.Sent))
}

// responseSpan returns from the fastest to the slowest answer, in milliseconds.
func responseSpan(v view) chart.Span {
	var x chart.Span
	for _, s := range v.series {
		x.AddTimes(s.row.Response.Histogram)
	}
	return x
}

// cumulative returns the share of the requests sent that was answered within
// each of so many times evenly spread over a logarithmic axis.
func cumulative(h *hdrhistogram.Histogram, sent int64, x chart.Span, points int) plotter.XYs {
	at := make([]float64, points)
	for i := range at {
		at[i] = x.Low * math.Pow(x.High/x.Low, float64(i)/float64(points-1))
	}
	line := make(plotter.XYs, points)
	for i, n := range chart.CountsWithin(h, at) {
		line[i] = plotter.XY{X: at[i], Y: float64(n) / float64(max(sent, h.TotalCount(), 1))}
	}
	return line
}

// quartersOf returns the points of a line that get a marker: where it crosses
// each quarter of its end.
func quartersOf(line plotter.XYs) plotter.XYs {
	var marks plotter.XYs
	end, next := line[len(line)-1].Y, 1.0
	for _, pt := range line {
		if next > 4 || pt.Y < end*next/4 {
			continue
		}
		for next <= 4 && pt.Y >= end*next/4 {
			next++
		}
		marks = append(marks, pt)
	}
	return marks
}

func ecdfTable(v view, x chart.Span) *element.Table {
	t := element.NewTable(1, append([]string{"answered within, ms"}, v.names()...)...)
	at := chart.LogSteps(x.Low, x.High, 14)
	for _, value := range at {
		t.AddRow(chart.Plain(value))
	}
	t.AddRow("at all")
	for _, s := range v.series {
		for i, n := range chart.CountsWithin(s.row.Response.Histogram, at) {
			t.AddCell(i, format.Percent(chart.Share(n, s.row.Ledger.Sent)))
		}
		t.AddCell(len(at), answeredShare(s))
	}
	return t
}

// histograms draws one histogram of the response time for each target, under
// one another on the same axis.
func histograms(v view) Figure {
	f, x := v.figure("histogram", 0), responseSpan(v)
	if x.Empty() {
		return f
	}
	x = x.Padded(2)
	b := chart.BinsOver(x, 130)
	return f.Shows(44+104*vg.Length(len(v.series)), histogramTable(v, x), func(c draw.Canvas, p chart.Palette) {
		l := chart.Legend{{Text: "p50", Color: p.Ink, Line: 1.2}, {Text: "p99", Color: p.Ink, Line: 1.2, Dash: chart.Dashed()}}
		l = append(l, roundEntry(v, p)...)
		c = chart.Inset(append(l, floorEntry(p, v.floor, x.Low, bandTop)...).Draw(c, p))
		var panels []*plot.Plot
		for _, s := range v.series {
			panels = append(panels, histogramPanel(p, s, x, b, c.Max.X-c.Min.X))
		}
		panels[len(panels)-1].X.Label.Text = "response time, ms"
		smallMultiples(v, panels, 1, "% of requests").Draw(c, p)
	})
}

// smallMultiples is the grid of a panel for each series, each with its name above.
func smallMultiples(v view, panels []*plot.Plot, columns int, title string) chart.Grid {
	g := chart.Grid{
		Panels: chart.InColumns(panels, columns), Headings: chart.InColumns(v.headings(), columns),
		Top: chart.HeadingHeight, PadX: 14, PadY: chart.HeadingHeight + 4,
	}
	for range g.Panels {
		g.Titles = append(g.Titles, title)
	}
	return g
}

func histogramPanel(p chart.Palette, s series, x chart.Span, b chart.Bins, length vg.Length) *plot.Plot {
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, x, length, 60)
	panel.Y.Min, panel.Y.Max = 0, 1e-9
	panel.Y.Tick.Marker = chart.LinearTicks(4)
	panel.Add(floorBand(p, s.row.Floor, true))
	add := func(h *hdrhistogram.Histogram, sent int64, columns chart.Columns) {
		columns.Bins, columns.Values = b, make([]float64, b.N)
		for i, n := range b.Count(h) {
			columns.Values[i] = 100 * chart.Share(n, sent)
			panel.Y.Max = max(panel.Y.Max, columns.Values[i]*1.08)
		}
		panel.Add(columns)
	}
	add(s.row.Response.Histogram, s.row.Ledger.Sent, chart.Columns{Fill: chart.Faint(s.Look.Color, 0.75)})
	for _, r := range s.apart() {
		add(r.Response.Histogram, r.Ledger.Sent, chart.Columns{Line: chart.Stroke(chart.Faint(p.Ink, 0.6), 0.6)})
	}
	for i, dash := range [][]vg.Length{nil, chart.Dashed()} {
		if q := s.row.Response.Quantiles[2*i]; q.Known {
			at := chart.Milliseconds(q.Value)
			panel.Add(chart.Line(plotter.XYs{{X: at, Y: 0}, {X: at, Y: panel.Y.Max}}, chart.Stroke(p.Ink, 1.2, dash...)))
		}
	}
	return panel
}

func histogramTable(v view, x chart.Span) *element.Table {
	t := element.NewTable(1, append([]string{"from, ms", "to, ms"}, v.names()...)...)
	b := chart.BinsOver(x, 24)
	for i := range b.N {
		t.AddRow(format.Number(b.Edge(i)), format.Number(b.Edge(i+1)))
	}
	for _, s := range v.series {
		for i, n := range b.Count(s.row.Response.Histogram) {
			t.AddCell(i, format.Count(n))
		}
	}
	return t
}
