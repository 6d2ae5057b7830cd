package figures

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func drawTimeline(c draw.Canvas, p Palette, v view, t tracks, blocks []block) {
	l := legend{
		{text: "scheduled", color: faint(p.Muted, 0.5), line: 3.2},
		{text: "sent", color: p.Ink, line: 1.4},
		{text: "answered; p99 of a round", color: v.series[0].look.color, line: 1.2},
		{text: "p50", color: v.series[0].look.color, marker: &marker{}},
		{text: "p99 of a window", color: v.series[0].look.color, marker: &marker{triangle, true}},
		{text: "slowest", color: p.Muted, marker: &marker{}},
	}
	if t.lost {
		l = append(l, entry{text: "failed and censored", color: p.Alarm, line: 1.2})
	}
	if !t.latency.empty() {
		l = append(l, floorEntry(p, v.floor(), t.latency.padded(2).low)...)
	}
	c = draw.Crop(l.draw(c, p), titleWidth, -6, 0, 0)
	height := (c.Max.Y - c.Min.Y) / vg.Length(len(blocks))
	for i, b := range blocks {
		part := c
		part.Max.Y = c.Max.Y - vg.Length(i)*height
		part.Min.Y = part.Max.Y - height
		drawBlock(part, p, v, t, b)
	}
}

func drawBlock(c draw.Canvas, p Palette, v view, t tracks, b block) {
	rows, cols := t.rows(), b.to-b.from
	plots := make([][]*plot.Plot, len(rows))
	for i, row := range rows {
		for j := b.from; j < b.to; j++ {
			panel := trackPanel(p, t.lanes[j], cols, i == len(rows)-1)
			row.fill(panel, t.lanes[j], v.series[j].look.color, p)
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

func trackPanel(p Palette, l lane, cols int, last bool) *plot.Plot {
	panel := newPanel(p)
	panel.X.Min, panel.X.Max = 0, max(l.end, 1e-3)
	panel.X.Tick.Marker = linearTicks{most: max(12/cols, 4)}
	panel.Y.Tick.Marker = linearTicks{most: 4}
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
