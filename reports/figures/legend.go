package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend explains marks in lines above a figure, where it covers no data.
type legend []entry

// entry shows a line, a marker or both beside a text.
type entry struct {
	text   string
	color  color.Color
	line   vg.Length // its width; 0: none
	dash   []vg.Length
	marker *marker
	block  bool // a filled swatch
}

const (
	swatch  vg.Length = 22
	between vg.Length = 16
)

// draw writes the legend at the upper edge and returns the canvas below it.
func (l legend) draw(c draw.Canvas, p Palette) draw.Canvas {
	if len(l) == 0 {
		return c
	}
	sty := face(small, p.Ink)
	line := lineHeight(sty) + 2
	x, y := c.Min.X, c.Max.Y
	for _, e := range l {
		w := swatch + 4 + sty.Width(e.text)
		if x > c.Min.X && x+w > c.Max.X {
			x, y = c.Min.X, y-line
		}
		e.swatch(c, vg.Point{X: x, Y: y - sty.Font.Size*0.55})
		c.FillText(sty, vg.Point{X: x + swatch + 4, Y: y}, e.text)
		x += w + between
	}
	return draw.Crop(c, 0, 0, 0, y-line-6-c.Max.Y)
}

func (e entry) swatch(c draw.Canvas, at vg.Point) {
	if e.block {
		c.FillPolygon(e.color, []vg.Point{
			{X: at.X + 6, Y: at.Y - 3.5}, {X: at.X + swatch, Y: at.Y - 3.5},
			{X: at.X + swatch, Y: at.Y + 3.5}, {X: at.X + 6, Y: at.Y + 3.5},
		})
	}
	if e.line > 0 {
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: e.line, Dashes: e.dash},
			at.X, at.Y, at.X+swatch, at.Y)
	}
	if e.marker != nil {
		c.DrawGlyphNoClip(glyph(*e.marker, e.color, 3), vg.Point{X: at.X + swatch/2, Y: at.Y})
	}
}

func glyph(m marker, c color.Color, radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: radius, Shape: m}
}

// targets returns one entry for each target, with what the note adds to it.
func (v view) targets(dashed bool, note func(series) string) legend {
	var l legend
	for _, s := range v.series {
		e := entry{text: s.label, color: s.look.color, line: 2, marker: &marker{shape: s.look.shape}}
		if dashed {
			e.dash = s.look.dash
		}
		if note != nil {
			e.text += note(s)
		}
		l = append(l, e)
	}
	return l
}
