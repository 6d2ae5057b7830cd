package chart

import (
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
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
	return Palette{hex(0xFFFFFF), hex(0x1A1F26), hex(0x59636E), hex(0xDFE4E8), hex(0xB3261E)}
}

// Dark is the palette for a dark background.
func Dark() Palette {
	return Palette{hex(0x0F1419), hex(0xE6E9EC), hex(0x9AA4AF), hex(0x2A323B), hex(0xFF8A80)}
}

// CSS returns the palette as declarations of the custom properties that the
// SVG figures refer to.
func (p Palette) CSS() string {
	var b strings.Builder
	for _, r := range p.roles() {
		fmt.Fprintf(&b, "--figure-%s:#%02X%02X%02X;", r.name, r.color.R, r.color.G, r.color.B)
	}
	return b.String()
}

type role struct {
	name  string
	color color.NRGBA
}

func (p Palette) roles() []role {
	return []role{{"paper", p.Paper}, {"ink", p.Ink}, {"muted", p.Muted}, {"grid", p.Grid}, {"alarm", p.Alarm}}
}

func hex(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xFF}
}

// Faint returns c with the given opacity between 0 and 1.
func Faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(opacity*0xFF + 0.5)
	return c
}

// Cividis returns the colour of a share between 0 (fewest) and 1 (most). The
// map is read alike with and without colour vision deficiency: Nuñez, Anderton,
// Renslow, "Optimizing colormaps with consideration for color vision
// deficiency", PLoS ONE 13(7), 2018. Its darkest fifth is left out, which
// would vanish on a dark background.
func Cividis(share float64) color.NRGBA {
	stops := [...]uint32{0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
		0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838}
	const darkest = 0.2
	at := (darkest + (1-darkest)*min(max(share, 0), 1)) * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	from, to, part := hex(stops[i]), hex(stops[i+1]), at-float64(i)
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (float64(b)-float64(a))*part))
	}
	return color.NRGBA{R: mix(from.R, to.R), G: mix(from.G, to.G), B: mix(from.B, to.B), A: 0xFF}
}

// LogShare places a count of at least 1 on the colour scale up to most.
func LogShare(n, most int64) float64 {
	if most <= 1 {
		return 1
	}
	return math.Log(float64(n)) / math.Log(float64(most))
}

// Look is how everything of one target is drawn: colour, dash and marker all
// differ, so that no reader depends on colour alone.
type Look struct {
	Color  color.NRGBA
	Dash   []vg.Length
	Marker Marker
}

// Looks gives every name its look. It depends on nothing but the names and their
// order, so that all figures of a run agree.
func Looks(names []string) map[string]Look {
	looks := map[string]Look{}
	// After Okabe and Ito, "Color Universal Design", 2008.
	known := map[string]Look{
		"physical":  {hex(0x0072B2), nil, Circle},
		"vm":        {hex(0xD55E00), []vg.Length{7, 2}, Square},
		"container": {hex(0x009E73), []vg.Length{4, 2}, Triangle},
		"lambda":    {hex(0xCC79A7), []vg.Length{2, 2}, Diamond},
	}
	others := []Look{
		{hex(0x8B6FC0), []vg.Length{7, 2, 2, 2}, Inverted},
		{hex(0xA6761D), []vg.Length{9, 3}, pentagon},
		{hex(0x3B8EA5), []vg.Length{4, 2, 1, 2}, Star},
		{hex(0xC2476B), []vg.Length{1, 2}, Circle},
		{hex(0x6B8E23), []vg.Length{5, 1}, Square},
		{hex(0x7F7F7F), []vg.Length{3, 3}, Triangle},
	}
	for i, name := range slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, is := known[name]; return is }) {
		looks[name] = others[i%len(others)]
	}
	maps.Copy(looks, known)
	return looks
}

// Marker is the shape of a point; 0 is none. Gonum's own glyphs are drawn too thinly
// to be distinguished, and lack the diamond.
type Marker int

// The markers that figures give a meaning of their own.
const (
	Circle Marker = iota + 1
	Square
	Triangle
	Diamond
	Inverted
	pentagon
	Star

	outline Marker = 1 << 8
)

// Hollow is the marker's outline alone.
func (m Marker) Hollow() Marker { return m | outline }

func (m Marker) hollow() bool { return m&outline != 0 }

// DrawGlyph implements draw.GlyphDrawer.
func (m Marker) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	path := m.path(at, sty.Radius)
	if m.hollow() {
		c.SetLineStyle(draw.LineStyle{Color: sty.Color, Width: 1.1})
		c.Stroke(path)
		return
	}
	c.Fill(path)
}

func (m Marker) path(at vg.Point, radius vg.Length) vg.Path {
	var p vg.Path
	n, turn := 0, 0.0 // corners, and where the first one points, in radians
	switch m &^ outline {
	case Square:
		n, turn = 4, math.Pi/4
	case Triangle:
		n, turn = 3, math.Pi/2
	case Diamond:
		n = 4
	case Inverted:
		n, turn = 3, -math.Pi/2
	case pentagon:
		n, turn = 5, math.Pi/2
	case Star:
		n, turn = 8, math.Pi/2
	default:
		p.Move(vg.Point{X: at.X + radius, Y: at.Y})
		p.Arc(at, radius, 0, 2*math.Pi)
		p.Close()
		return p
	}
	// Shapes of the same area weigh the same to the eye.
	area := math.Sin(2*math.Pi/float64(n)) * float64(n) / 2
	outer := radius * vg.Length(math.Sqrt(math.Pi/area))
	for i := range n {
		r := outer
		if m&^outline == Star && i%2 == 1 {
			r /= 2.2
		}
		sin, cos := math.Sincos(turn + 2*math.Pi*float64(i)/float64(n))
		corner := vg.Point{X: at.X + r*vg.Length(cos), Y: at.Y + r*vg.Length(sin)}
		if i == 0 {
			p.Move(corner)
		} else {
			p.Line(corner)
		}
	}
	p.Close()
	return p
}
