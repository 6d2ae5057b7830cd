package figures

import (
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// heading is the height of the name above a panel.
const heading vg.Length = 15

// drawGrid draws one panel for each series in so many columns, aligned, each with its
// target's name above it.
func drawGrid(c draw.Canvas, p chart.Palette, panels []*plot.Plot, cols int, ss []series, title string) {
	plots := make([][]*plot.Plot, (len(panels)+cols-1)/cols)
	for i := range plots {
		plots[i] = make([]*plot.Plot, cols)
		copy(plots[i], panels[i*cols:])
	}
	tiles := draw.Tiles{Rows: len(plots), Cols: cols, PadTop: heading, PadX: 14, PadY: heading + 4}
	for i, row := range plot.Align(plots, tiles, c) {
		for j, tile := range row {
			if i*cols+j >= len(panels) {
				break
			}
			plots[i][j].Draw(tile)
			data := plots[i][j].DataCanvas(tile)
			if j == 0 {
				sideTitle(data, p, c.Min.X, title)
			}
			drawHeading(data, p, ss[i*cols+j])
		}
	}
}

// drawHeading writes a target's name, and how many requests the panel is made of
// beside it, above a data area. What does not fit is cut.
func drawHeading(data draw.Canvas, p chart.Palette, s series) {
	at := vg.Point{X: data.Min.X + 4, Y: data.Max.Y + heading/2}
	data.DrawGlyphNoClip(chart.Glyph(s.look.Marker, s.look.Color, 3.4), at)
	name := chart.BoldFace(chart.Small, p.Ink)
	name.YAlign = draw.YCenter
	room := data.Max.X - at.X - 8
	label := fit(s.label, room, name.Width)
	data.FillText(name, vg.Point{X: at.X + 8, Y: at.Y}, label)
	sty, note := chart.Face(chart.Small, p.Muted), answeredNote(s)
	sty.YAlign = draw.YCenter
	x := at.X + 8 + name.Width(label) + 8
	if x+sty.Width(note) <= data.Max.X {
		data.FillText(sty, vg.Point{X: x, Y: at.Y}, note)
	}
}

// fit cuts a text to a width.
func fit(s string, most vg.Length, width func(string) vg.Length) string {
	if width(s) <= most {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 && width(string(runes)+"…") > most {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func answeredNote(s series) string {
	l := s.row.Ledger
	note := "n " + format.Count(l.OK)
	if l.Failed > 0 {
		note += ", " + format.Percent(chart.Share(l.Failed, l.Sent)) + " failed"
	}
	if l.Censored > 0 {
		note += ", " + format.Percent(chart.Share(l.Censored, l.Sent)) + " censored"
	}
	return note
}

// titleWidth is the room that a side title takes.
const titleWidth vg.Length = 13

// sideTitle writes what a vertical axis shows, turned, beside the middle of a
// data area. Gonum's own axis label reserves room for the middle of the axis'
// range, which on a logarithmic axis is near its end.
func sideTitle(data draw.Canvas, p chart.Palette, left vg.Length, title string) {
	sty := chart.Face(chart.Small, p.Muted)
	sty.Rotation = math.Pi / 2
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YCenter
	data.FillText(sty, vg.Point{X: left - titleWidth + chart.Small/2, Y: data.Center().Y}, title)
}

// drawAlone draws a panel that fills a figure.
func drawAlone(c draw.Canvas, p chart.Palette, panel *plot.Plot, title string) {
	c = draw.Crop(c, titleWidth, 0, 0, 0)
	panel.Draw(c)
	sideTitle(panel.DataCanvas(c), p, c.Min.X, title)
}

// timePanel is a panel over the time of a lane, one of so many side by side.
func timePanel(p chart.Palette, l lane, cols int) *plot.Plot {
	panel := chart.NewPanel(p)
	panel.X.Min, panel.X.Max = 0, max(l.end, 1e-3)
	panel.X.Tick.Marker = chart.LinearTicks{Most: max(12/cols, 4)}
	panel.X.Label.Text = "measured load, s"
	return panel
}

// hideLabels leaves nothing but the grid lines of an axis that shares the labels of
// the panel below.
func hideLabels(axis *plot.Axis) {
	axis.Label.Text = ""
	axis.Tick.Marker = blank{axis.Tick.Marker}
	axis.Tick.Label.Font.Size = 1
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
