package figures

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shape is the outline of a point. Gonum's own glyphs are drawn too thinly to
// be told apart, and lack the diamond.
type shape int

const (
	circle shape = iota
	square
	triangle
	diamond
	inverted
	pentagon
	star
)

// corners returns how many corners a shape has and where the first one points,
// in radians. A circle has none.
func (s shape) corners() (n int, turn float64) {
	switch s {
	case square:
		return 4, math.Pi / 4
	case triangle:
		return 3, math.Pi / 2
	case diamond:
		return 4, 0
	case inverted:
		return 3, -math.Pi / 2
	case pentagon:
		return 5, math.Pi / 2
	case star:
		return 8, math.Pi / 2
	}
	return 0, 0
}

// marker is a point as drawn: filled, or its outline alone.
type marker struct {
	shape  shape
	hollow bool
}

// DrawGlyph implements draw.GlyphDrawer.
func (m marker) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	path := m.path(at, sty.Radius)
	if m.hollow {
		c.SetLineStyle(draw.LineStyle{Color: sty.Color, Width: 1.1})
		c.Stroke(path)
		return
	}
	c.Fill(path)
}

func (m marker) path(at vg.Point, radius vg.Length) vg.Path {
	var p vg.Path
	n, turn := m.shape.corners()
	if n == 0 {
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
		if m.shape == star && i%2 == 1 {
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
