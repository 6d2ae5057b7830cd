package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Face returns a text style: left-aligned, hanging from its point.
func Face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:  c,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: text.XLeft, YAlign: text.YTop,
		Handler: plot.DefaultTextHandler,
	}
}

// BoldFace is Face in bold.
func BoldFace(size vg.Length, c color.Color) text.Style {
	sty := Face(size, c)
	sty.Font.Weight = bold
	return sty
}

// bold is golang.org/x/image/font.WeightBold.
const bold = 3

// Small is the size of all text inside a figure.
const Small vg.Length = 8.5

// LineHeight is the distance of two lines of a text.
func LineHeight(sty text.Style) vg.Length { return sty.Font.Size * 1.35 }

// Legend explains marks in lines above a figure, where it covers no data.
type Legend []Entry

// Draw writes the legend at the upper edge and returns the canvas below it.
func (l Legend) Draw(c draw.Canvas, p Palette) draw.Canvas {
	if len(l) == 0 {
		return c
	}
	sty := Face(Small, p.Ink)
	line := LineHeight(sty) + 2
	x, y := c.Min.X, c.Max.Y
	for _, e := range l {
		w := swatch + 4 + sty.Width(e.Text)
		if x > c.Min.X && x+w > c.Max.X {
			x, y = c.Min.X, y-line
		}
		e.swatch(c, vg.Point{X: x, Y: y - sty.Font.Size*0.55})
		c.FillText(sty, vg.Point{X: x + swatch + 4, Y: y}, e.Text)
		x += w + between
	}
	return draw.Crop(c, 0, 0, 0, y-line-6-c.Max.Y)
}

// Entry shows a line, a marker or both beside a text.
type Entry struct {
	Text   string
	Color  color.Color
	Line   vg.Length // its width; 0: none
	Dash   []vg.Length
	Marker Marker // 0: none
	Block  bool   // a filled swatch
}

func (e Entry) swatch(c draw.Canvas, at vg.Point) {
	if e.Block {
		fillRect(c, e.Color, at.X+6, at.Y-3.5, at.X+swatch, at.Y+3.5)
	}
	if e.Line > 0 {
		c.StrokeLine2(draw.LineStyle{Color: e.Color, Width: e.Line, Dashes: e.Dash},
			at.X, at.Y, at.X+swatch, at.Y)
	}
	if e.Marker != 0 {
		c.DrawGlyphNoClip(Glyph(e.Marker, e.Color, 3), vg.Point{X: at.X + swatch/2, Y: at.Y})
	}
}

// Glyph is the style of a marker in a colour.
func Glyph(m Marker, c color.Color, radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: radius, Shape: m}
}

const (
	swatch  vg.Length = 22
	between vg.Length = 16
)
