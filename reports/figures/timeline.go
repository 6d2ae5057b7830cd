package figures

import (
	"fmt"
	"image/color"

	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// timeline draws what happened when: rates, requests in flight, failures,
// latency and the instrument's own lag, one column for each target.
func timeline(v view) Figure {
	blocks := blocksOf(len(v.series))
	lanes := lanesOf(v.series, windowsFor(blocks))
	f := Figure{
		Name:  v.name("timeline"),
		Title: v.title("Over time"),
		Caption: fmt.Sprintf("Windows of %s of due time, rounds joined in a row. Scheduled, sent and answered requests per "+
			"second lie on one another when all goes well. p50 is drawn for windows with at least 20 answers, p99 only for "+
			"those with at least 1,000; the p99 of a whole round is the horizontal stroke. Lag is how late the instrument "+
			"sent: it belongs to the harness, not to the target.", windowText(lanes)) + endedCaption(lanes) + floorCaption(v),
		Conditions: v.conditions(),
	}
	if longest(lanes) == 0 {
		f.Missing = "nothing was sent, so there is nothing to show over time"
		return f
	}
	t := newTracks(lanes)
	if !t.lost {
		f.Caption += " No request failed or was censored, so there is no row for it."
	}
	f.Height = 30 + vg.Length(len(blocks))*(heading+40+vg.Length(len(t.rows()))*88)
	f.Data = timelineTable(v, lanes)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawTimeline(c, p, v, t, blocks) }
	return f
}

// block is a run of targets side by side: [from, to).
type block struct{ from, to int }

// blocksOf sets at most four targets side by side, as evenly as it goes.
func blocksOf(n int) []block {
	count := (n + 3) / 4
	var blocks []block
	for i := range count {
		blocks = append(blocks, block{i * n / count, (i + 1) * n / count})
	}
	return blocks
}

// windowsFor is how many windows a column bears: the more targets share the
// width, the fewer.
func windowsFor(blocks []block) int {
	widest := 1
	for _, b := range blocks {
		widest = max(widest, b.to-b.from)
	}
	return 480 / max(widest, 2)
}

func timelineTable(v view, lanes []lane) Table {
	const rows = 60
	t := Table{Head: []string{"target", "round", "from, s", "to, s", "scheduled/s", "sent/s", "answered/s",
		"failed", "censored", "in flight", "p50, ms", "p99, ms", "slowest, ms", "lag p99, ms", "lag max, ms"}}
	if longest(lanes) > rows {
		lanes = lanesOf(v.series, rows)
	}
	for i, l := range lanes {
		for _, w := range l.windows {
			t.Rows = append(t.Rows, []string{
				v.series[i].label, fmt.Sprint(w.round), chart.Plain(w.from), chart.Plain(w.to),
				format.RateNumber(w.perSecond(w.Scheduled)), format.RateNumber(w.perSecond(w.Sent)),
				format.RateNumber(w.perSecond(w.OK)), format.Count(w.Failed), format.Count(w.Censored),
				format.Count(w.InFlight), quantileText(w.response, 0.5), quantileText(w.response, 0.99),
				slowestText(w.response), quantileText(w.lag, 0.99), slowestText(w.lag),
			})
		}
	}
	return t
}

func quantileText(h *hdrhistogram.Histogram, q float64) string {
	value, ok := quantileOf(h, q)
	switch {
	case h == nil:
		return "–"
	case !ok:
		return "n too small"
	}
	return format.Number(value)
}

func slowestText(h *hdrhistogram.Histogram) string {
	value, ok := slowestOf(h)
	if !ok {
		return "–"
	}
	return format.Number(value)
}

func drawTimeline(c draw.Canvas, p chart.Palette, v view, t tracks, blocks []block) {
	l := chart.Legend{
		{Text: "scheduled", Color: chart.Faint(p.Muted, 0.5), Line: 3.2},
		{Text: "sent", Color: p.Ink, Line: 1.4},
		{Text: "answered; p99 of a round", Color: v.series[0].look.Color, Line: 1.2},
		{Text: "p50", Color: v.series[0].look.Color, Marker: chart.Circle},
		{Text: "p99 of a window", Color: v.series[0].look.Color, Marker: chart.Triangle.Hollow()},
		{Text: "slowest", Color: p.Muted, Marker: chart.Circle},
	}
	if t.lost {
		l = append(l, chart.Entry{Text: "failed and censored", Color: p.Alarm, Line: 1.2})
	}
	if !t.latency.Empty() {
		l = append(l, floorEntry(p, v.floor(), t.latency.Padded(2).Low)...)
	}
	c = draw.Crop(l.Draw(c, p), titleWidth, -6, 0, 0)
	height := (c.Max.Y - c.Min.Y) / vg.Length(len(blocks))
	for i, b := range blocks {
		part := c
		part.Max.Y = c.Max.Y - vg.Length(i)*height
		part.Min.Y = part.Max.Y - height
		drawBlock(part, p, v, t, b)
	}
}

func drawBlock(c draw.Canvas, p chart.Palette, v view, t tracks, b block) {
	rows, cols := t.rows(), b.to-b.from
	plots := make([][]*plot.Plot, len(rows))
	for i, row := range rows {
		for j := b.from; j < b.to; j++ {
			panel := timePanel(p, t.lanes[j], cols)
			panel.Y.Tick.Marker = chart.LinearTicks{Most: 4}
			if i < len(rows)-1 {
				hideLabels(&panel.X)
			}
			row.fill(panel, t.lanes[j], v.series[j].look.Color, p)
			panel.Add(separators{lane: t.lanes[j], palette: p, bare: i > 0, low: true})
			plots[i] = append(plots[i], panel)
		}
	}
	tiles := draw.Tiles{Rows: len(rows), Cols: cols, PadTop: heading, PadX: 10, PadY: 8}
	for i, canvases := range plot.Align(plots, tiles, c) {
		for j, tile := range canvases {
			plots[i][j].Draw(tile)
			if j == 0 {
				sideTitle(plots[i][j].DataCanvas(tile), p, c.Min.X, rows[i].label)
			}
			if i == 0 {
				drawHeading(plots[i][j].DataCanvas(tile), p, v.series[b.from+j])
			}
		}
	}
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
}

func newTracks(lanes []lane) tracks {
	t := tracks{lanes: lanes}
	for _, l := range lanes {
		for _, w := range l.windows {
			t.rate = max(t.rate, w.perSecond(max(w.Scheduled, w.Sent, w.OK)))
			t.inFlight = max(t.inFlight, float64(w.InFlight))
			t.failures = max(t.failures, w.perSecond(w.Failed+w.Censored))
			t.lost = t.lost || w.Failed+w.Censored > 0
			addUpperHalf(&t.latency, w.response)
			addUpperHalf(&t.lag, w.lag)
		}
	}
	return t
}

// addUpperHalf makes room for the times from the median on, which are what is drawn.
func addUpperHalf(s *chart.Span, h *hdrhistogram.Histogram) {
	if h != nil {
		s.Add(chart.Milliseconds(h.Max()))
		s.Add(chart.Milliseconds(h.ValueAtQuantile(50)))
	}
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
	scheduled := func(w window) float64 { return w.perSecond(w.Scheduled) }
	sent := func(w window) float64 { return w.perSecond(w.Sent) }
	ok := func(w window) float64 { return w.perSecond(w.OK) }
	panel.Add(
		steps{l, scheduled, draw.LineStyle{Color: chart.Faint(p.Muted, 0.5), Width: 3.2}},
		steps{l, sent, draw.LineStyle{Color: p.Ink, Width: 1.4}},
		steps{l, ok, draw.LineStyle{Color: c, Width: 1}},
	)
}

func (t tracks) flights(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.inFlight, 1)*1.08
	most := func(w window) float64 { return float64(w.InFlight) }
	panel.Add(steps{l, most, draw.LineStyle{Color: c, Width: 1.2}})
}

func (t tracks) losses(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.failures, 1e-3)*1.08
	lost := func(w window) float64 { return w.perSecond(w.Failed + w.Censored) }
	panel.Add(steps{l, lost, draw.LineStyle{Color: p.Alarm, Width: 1.2}})
}

func (t tracks) latencies(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.latency.Padded(2), trackHeight, 22)
	if len(l.rounds) > 0 {
		panel.Add(newFloorBand(p, l.rounds[0].row.Floor, false))
	}
	for _, r := range l.rounds {
		if q := r.row.Response.Quantiles[2]; q.Known {
			y := chart.Milliseconds(q.Value)
			panel.Add(&plotter.Line{XYs: plotter.XYs{{X: r.from, Y: y}, {X: r.to, Y: y}},
				LineStyle: draw.LineStyle{Color: c, Width: 1.2}})
		}
	}
	panel.Add(
		chart.Dots(l.slowest(responseTimes), chart.Circle, p.Muted, 1.1),
		chart.Dots(l.quantiles(responseTimes, 0.5), chart.Circle, c, 1.4),
		chart.Dots(l.quantiles(responseTimes, 0.99), chart.Triangle.Hollow(), c, 2.2),
	)
}

func (t tracks) lags(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.lag.Padded(2), trackHeight, 22)
	panel.Add(
		chart.Dots(l.slowest(lags), chart.Circle, p.Muted, 1.1),
		chart.Dots(l.quantiles(lags, 0.5), chart.Circle, c, 1.4),
	)
}

// trackHeight is about how high the data area of a row is.
const trackHeight vg.Length = 72
