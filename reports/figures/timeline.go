package figures

import (
	"image/color"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// timeline draws what happened when: rates, requests in flight, failures,
// latency and the load generator's own lag, one column for each target.
func timeline(v view) Figure {
	// At most four targets side by side, as evenly as it goes; the more of them share the
	// width, the fewer windows each bears.
	blocks := (len(v.series) + 3) / 4
	widest := (len(v.series) + max(blocks, 1) - 1) / max(blocks, 1)
	lanes := v.lanes(480 / max(widest, 2))
	f := v.figure("timeline", widthOf(lanes))
	if longest(lanes) == 0 {
		return f
	}
	t := newTracks(lanes)
	height := 30 + vg.Length(blocks)*(chart.HeadingHeight+40+vg.Length(len(t.rows()))*88)
	titles := []string{"target", "round", "from, s", "to, s", "scheduled/s", "sent/s", "answered/s",
		"failed", "censored", "in flight", "p50, ms", "p99, ms", "slowest, ms", "lag p99, ms", "lag max, ms"}
	data := v.windowTable(lanes, 60, titles, func(w sample.Window) []string {
		return []string{
			format.RateNumber(w.PerSecond(w.Scheduled)), format.RateNumber(w.PerSecond(w.Sent)), format.RateNumber(w.PerSecond(w.OK)),
			format.Count(w.Failed), format.Count(w.Censored), format.Count(w.InFlight),
			quantileText(w.Response, 0.5), quantileText(w.Response, 0.99), slowestText(w.Response), quantileText(w.Lag, 0.99), slowestText(w.Lag),
		}
	})
	return f.Shows(height, data, func(c draw.Canvas, p chart.Palette) {
		c = chart.Inset(t.legend(v, p).Draw(c, p))
		for i, part := range stacked(c, blocks) {
			t.grid(v, p, i*len(v.series)/blocks, (i+1)*len(v.series)/blocks).Draw(part, p)
		}
	})
}

// tracks are the rows of a time line, with ranges shared by all targets.
type tracks struct {
	lanes    []lane
	rate     float64
	inFlight float64
	failures float64 // per second
	lost     bool    // some request failed or was censored
	latency  chart.Span
	lag      chart.Span
	// The marks that some lane has: the p99 of a round, the p50, p99 and slowest of a window.
	roundP99, p50, p99, slowest bool
}

func newTracks(lanes []lane) tracks {
	t := tracks{lanes: lanes}
	for _, l := range lanes {
		t.roundP99 = t.roundP99 || slices.ContainsFunc(l.Rounds, func(r sample.RoundSpan) bool { return r.Row.Response.Quantiles[2].Known })
		t.p50 = t.p50 || l.Shows(quantile(responseTimes, 0.5)) || l.Shows(quantile(lags, 0.5))
		t.p99 = t.p99 || l.Shows(quantile(responseTimes, 0.99))
		t.slowest = t.slowest || l.Shows(slowest(responseTimes)) || l.Shows(slowest(lags))
		for _, r := range l.Rounds {
			if q := r.Row.Response.Quantiles[2]; q.Known {
				t.latency.Add(chart.Milliseconds(q.Value))
			}
		}
		for _, w := range l.Windows {
			t.rate = max(t.rate, w.PerSecond(max(w.Scheduled, w.Sent, w.OK)))
			t.inFlight = max(t.inFlight, float64(w.InFlight))
			t.failures = max(t.failures, w.PerSecond(w.Failed+w.Censored))
			t.lost = t.lost || w.Failed+w.Censored > 0
			addUpperHalf(&t.latency, w.Response)
			addUpperHalf(&t.lag, w.Lag)
		}
	}
	return t
}

// addUpperHalf makes room for the times from the median on, which are what is drawn.
func addUpperHalf(s *chart.Span, h *hdrhistogram.Histogram) {
	if h != nil {
		s.Add(chart.Milliseconds(h.Max()), chart.Milliseconds(h.ValueAtQuantile(50)))
	}
}

// legend explains what is drawn, and nothing else.
func (t tracks) legend(v view, p chart.Palette) chart.Legend {
	first := v.series[0].Look.Color
	answered := "answered"
	if t.roundP99 {
		answered += "; p99 of a round"
	}
	l := chart.Legend{
		{Text: "scheduled", Color: chart.Faint(p.Muted, 0.5), Line: 3.2},
		{Text: "sent", Color: p.Ink, Line: 1.4},
		{Text: answered, Color: first, Line: 1.2},
	}
	for _, e := range []struct {
		drawn bool
		chart.Entry
	}{
		{t.p50, chart.Entry{Text: "p50 of a window", Color: first, Line: thick}},
		{t.p99, chart.Entry{Text: "p99 of a window", Color: first, Marker: chart.Triangle.Hollow()}},
		{t.slowest, chart.Entry{Text: "slowest", Color: p.Muted, Line: thin}},
		{t.lost, chart.Entry{Text: "failed and censored", Color: p.Alarm, Line: 1.2}},
	} {
		if e.drawn {
			l = append(l, e.Entry)
		}
	}
	l = append(l, v.faultEntry(p)...)
	if !t.latency.Empty() {
		l = append(l, floorEntry(p, v.floor, t.latency.Padded(2).Low, bandTop)...)
	}
	return l
}

// grid is the series [from, to) side by side.
func (t tracks) grid(v view, p chart.Palette, from, to int) chart.Grid {
	g := chart.Grid{Headings: [][]chart.Heading{v.headings()[from:to]}, Top: chart.HeadingHeight, PadX: 10, PadY: 8}
	rows := t.rows()
	for i, row := range rows {
		var panels []*plot.Plot
		for j := from; j < to; j++ {
			panel := t.lanes[j].panel(p, to-from)
			panel.Y.Tick.Marker = chart.LinearTicks(4)
			if i < len(rows)-1 {
				chart.HideLabels(&panel.X)
			}
			row.fill(panel, t.lanes[j], v.series[j].Look.Color, p)
			panel.Add(v.faults(t.lanes[j], j, p), t.lanes[j].separators(p, i == 0, true))
			panels = append(panels, panel)
		}
		g.Panels, g.Titles = append(g.Panels, panels), append(g.Titles, row.label)
	}
	return g
}

// track fills the panel of one row with one target's windows.
type track struct {
	label string
	fill  func(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette)
}

// rows returns the rows that have something to show.
func (t tracks) rows() []track {
	rows := []track{{"requests/s", t.rates}, {"in flight", t.flights}}
	if t.lost {
		rows = append(rows, track{"failed/s", t.losses})
	}
	if !t.latency.Empty() {
		rows = append(rows, track{"latency, ms", t.latencies})
	}
	if !t.lag.Empty() {
		rows = append(rows, track{"lag, ms", t.lags})
	}
	return rows
}

func (t tracks) rates(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.rate, 1)*1.08
	panel.Add(
		l.steps(chart.Stroke(chart.Faint(p.Muted, 0.5), 3.2), func(w sample.Window) float64 { return w.PerSecond(w.Scheduled) }),
		l.steps(chart.Stroke(p.Ink, 1.4), func(w sample.Window) float64 { return w.PerSecond(w.Sent) }),
		l.steps(chart.Stroke(c, 1), func(w sample.Window) float64 { return w.PerSecond(w.OK) }),
	)
}

func (t tracks) flights(panel *plot.Plot, l lane, c color.NRGBA, _ chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.inFlight, 1)*1.08
	panel.Add(l.steps(chart.Stroke(c, 1.2), func(w sample.Window) float64 { return float64(w.InFlight) }))
}

func (t tracks) losses(panel *plot.Plot, l lane, _ color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.failures, 1e-3)*1.08
	panel.Add(l.steps(chart.Stroke(p.Alarm, 1.2), func(w sample.Window) float64 { return w.PerSecond(w.Failed + w.Censored) }))
}

func (t tracks) latencies(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.latency.Padded(2), trackHeight, 22)
	if len(l.Rounds) > 0 {
		panel.Add(floorBand(p, l.Rounds[0].Floor, false))
	}
	for _, r := range l.Rounds {
		if q := r.Row.Response.Quantiles[2]; q.Known {
			y := chart.Milliseconds(q.Value)
			panel.Add(chart.Line(plotter.XYs{{X: r.From, Y: y}, {X: r.To, Y: y}}, chart.Stroke(c, 1.2)))
		}
	}
	panel.Add(
		l.levels(chart.Stroke(p.Muted, thin), slowest(responseTimes)),
		l.levels(chart.Stroke(c, thick), quantile(responseTimes, 0.5)),
		chart.Dots(l.points(quantile(responseTimes, 0.99)), chart.Triangle.Hollow(), c, 2.2),
	)
}

func (t tracks) lags(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.lag.Padded(2), trackHeight, 22)
	panel.Add(
		l.levels(chart.Stroke(p.Muted, thin), slowest(lags)),
		l.levels(chart.Stroke(c, thick), quantile(lags, 0.5)),
	)
}

// thick and thin are the strokes of the p50 and the slowest of a window.
const thick, thin vg.Length = 2.2, 1.4

// trackHeight is about how high the data area of a row is.
const trackHeight vg.Length = 72
