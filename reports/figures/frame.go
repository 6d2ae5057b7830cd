package figures

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// setting is where a figure is shown.
type setting int

const (
	inPage     setting = iota // the page gives title and caption
	standAlone                // the figure carries them itself
)

const (
	small  vg.Length = 8.5
	medium vg.Length = 9.5
	large  vg.Length = 13
	margin vg.Length = 14 // around a figure that stands alone

	markHeight vg.Length = 15 // what a mark adds to a figure
)

// bold is golang.org/x/image/font.WeightBold.
const bold = 3

// face returns a text style: left-aligned, hanging from its point.
func face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:  c,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: text.XLeft, YAlign: text.YTop,
		Handler: plot.DefaultTextHandler,
	}
}

func boldFace(size vg.Length, c color.Color) text.Style {
	sty := face(size, c)
	sty.Font.Weight = bold
	return sty
}

// draw draws the figure and, when it stands alone, what a page would have
// given it.
func (f Figure) draw(c draw.Canvas, p Palette, where setting) {
	if where == standAlone {
		c = draw.Crop(c, margin, -margin, 0, -margin/2)
		title := boldFace(large, p.Ink)
		c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, f.Title)
		c = draw.Crop(c, 0, 0, 0, -title.Height(f.Title)-4)
		c = f.drawCaption(c, p)
	}
	if f.Mark != "" {
		alarm := boldFace(medium, p.Alarm)
		c.FillText(alarm, vg.Point{X: c.Min.X, Y: c.Max.Y}, fit(f.Mark, c.Max.X-c.Min.X, alarm.Width))
		c = draw.Crop(c, 0, 0, 0, -markHeight)
	}
	f.paint(c, p)
}

func (f Figure) headHeight(p Palette) vg.Length {
	return boldFace(large, p.Ink).Height("X") + 4 + margin/2
}

// drawCaption writes the caption along the lower edge and returns what is left.
func (f Figure) drawCaption(c draw.Canvas, p Palette) draw.Canvas {
	lines := f.captionLines(p)
	sty := face(small, p.Muted)
	room := captionHeight(p, lines)
	at := vg.Point{X: c.Min.X, Y: c.Min.Y + room - margin/2}
	for _, line := range lines {
		c.FillText(sty, at, line)
		at.Y -= lineHeight(sty)
	}
	return draw.Crop(c, 0, 0, room, 0)
}

func captionHeight(p Palette, lines []string) vg.Length {
	return vg.Length(len(lines))*lineHeight(face(small, p.Muted)) + margin
}

func (f Figure) captionLines(p Palette) []string {
	sty := face(small, p.Muted)
	lines := wrap(f.Caption, f.Width-2*margin, sty)
	return append(lines, wrap(f.Conditions, f.Width-2*margin, sty)...)
}

func lineHeight(sty text.Style) vg.Length { return sty.Font.Size * 1.35 }

// wrap breaks a paragraph into lines no wider than the given width; a single
// word that is wider stays whole.
func wrap(paragraph string, most vg.Length, sty text.Style) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(paragraph) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && sty.Width(longer) > most {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
