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

// drawStack draws one panel for each series under one another, aligned, each
// with its target's name above it.
func drawStack(c draw.Canvas, p chart.Palette, plots [][]*plot.Plot, ss []series, title string) {
	tiles := draw.Tiles{Rows: len(plots), Cols: 1, PadTop: heading, PadY: heading + 4}
	for i, row := range plot.Align(plots, tiles, c) {
		plots[i][0].Draw(row[0])
		data := plots[i][0].DataCanvas(row[0])
		sideTitle(data, p, c.Min.X, title)
		head(data, p, ss[i], answered(ss[i]))
	}
}

// head writes a target's name, and a note beside it, above a data area. What
// does not fit is cut.
func head(data draw.Canvas, p chart.Palette, s series, note string) {
	at := vg.Point{X: data.Min.X + 4, Y: data.Max.Y + heading/2}
	data.DrawGlyphNoClip(chart.Glyph(s.look.Marker, s.look.Color, 3.4), at)
	name := chart.BoldFace(chart.Small, p.Ink)
	name.YAlign = draw.YCenter
	room := data.Max.X - at.X - 8
	label := fit(s.label, room, name.Width)
	data.FillText(name, vg.Point{X: at.X + 8, Y: at.Y}, label)
	sty := chart.Face(chart.Small, p.Muted)
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

// answered is the note beside a target's name: how many requests the panel is
// made of.
func answered(s series) string {
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
