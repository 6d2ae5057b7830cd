package figures

import (
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
			panel := trackPanel(p, t.lanes[j], cols, i == len(rows)-1)
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
				s := v.series[b.from+j]
				head(plots[i][j].DataCanvas(tile), p, s, answered(s))
			}
		}
	}
}

func trackPanel(p chart.Palette, l lane, cols int, last bool) *plot.Plot {
	panel := chart.NewPanel(p)
	panel.X.Min, panel.X.Max = 0, max(l.end, 1e-3)
	panel.X.Tick.Marker = chart.LinearTicks{Most: max(12/cols, 4)}
	panel.Y.Tick.Marker = chart.LinearTicks{Most: 4}
	if last {
		panel.X.Label.Text = "measured load, s"
		return panel
	}
	panel.X.Tick.Marker = blank{panel.X.Tick.Marker}
	panel.X.Tick.Label.Font.Size = 1
	return panel
}

// blank keeps the grid lines of an axis and drops its labels.
type blank struct{ plot.Ticker }

// Ticks implements plot.Ticker.
func (b blank) Ticks(low, high float64) []plot.Tick {
	ticks := b.Ticker.Ticks(low, high)
	for i := range ticks {
		ticks[i].Label = " " // an empty one would make it a minor tick
	}
	return ticks
}
