package figures

import (
	"fmt"
	"image/color"
	"strings"
)

// Palette holds the colours that depend on the background. Those of the
// targets do not: each reaches a contrast of 3:1 on both backgrounds.
type Palette struct {
	Paper color.NRGBA // the background
	Ink   color.NRGBA // text and marks
	Muted color.NRGBA // axes, tick labels, secondary text
	Grid  color.NRGBA // grid lines, separators
	Alarm color.NRGBA // errors, what must not be overlooked
}

// Light is the palette for a white background, as in print.
func Light() Palette {
	return Palette{
		Paper: hex(0xFFFFFF), Ink: hex(0x1A1F26), Muted: hex(0x59636E),
		Grid: hex(0xDFE4E8), Alarm: hex(0xB3261E),
	}
}

// Dark is the palette for a dark background.
func Dark() Palette {
	return Palette{
		Paper: hex(0x0F1419), Ink: hex(0xE6E9EC), Muted: hex(0x9AA4AF),
		Grid: hex(0x2A323B), Alarm: hex(0xFF8A80),
	}
}

// CSS returns the palette as declarations of the custom properties that the
// SVG figures refer to.
func (p Palette) CSS() string {
	var b strings.Builder
	for _, r := range p.roles() {
		fmt.Fprintf(&b, "--figure-%s:%s;", r.name, hexString(r.color))
	}
	return b.String()
}

type role struct {
	name  string
	color color.NRGBA
}

func (p Palette) roles() []role {
	return []role{
		{"paper", p.Paper}, {"ink", p.Ink}, {"muted", p.Muted},
		{"grid", p.Grid}, {"alarm", p.Alarm},
	}
}

func hex(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xFF}
}

// hexString writes a colour as the SVG canvas does.
func hexString(c color.NRGBA) string {
	return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B)
}

// faint returns c with the given opacity between 0 and 1.
func faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(opacity*0xFF + 0.5)
	return c
}
