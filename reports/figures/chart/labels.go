package chart

import (
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Labels writes names beside points where they cover nothing that is Taken.
type Labels struct{ Taken []vg.Rectangle }

// Around is the square around a point.
func Around(at vg.Point, radius vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - radius, Y: at.Y - radius}, Max: vg.Point{X: at.X + radius, Y: at.Y + radius}}
}

// Write writes a name to the upper right of a point where there is room inside of the area,
// else elsewhere around it.
func (l *Labels) Write(a Area, at vg.Point, name string, sty text.Style) {
	sty.XAlign, sty.YAlign = draw.XLeft, draw.YCenter
	const gap = 8
	width, height := sty.Width(name), LineHeight(sty)
	places := []vg.Point{
		{X: at.X + gap, Y: at.Y + height/2},
		{X: at.X - width/2, Y: at.Y + gap + height/2}, {X: at.X - width/2, Y: at.Y - gap - height/2},
		{X: at.X + gap, Y: at.Y}, {X: at.X - gap - width, Y: at.Y},
		{X: at.X + gap, Y: at.Y + height}, {X: at.X - gap - width, Y: at.Y - height},
		{X: at.X + gap, Y: at.Y - height}, {X: at.X - gap - width, Y: at.Y + height},
	}
	room := func(p vg.Point) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: p.X, Y: p.Y - height/2}, Max: vg.Point{X: p.X + width, Y: p.Y + height/2}}
	}
	free := func(p vg.Point) bool {
		r := room(p)
		inside := r.Min.X >= a.Min.X && r.Max.X <= a.Max.X && r.Min.Y >= a.Min.Y && r.Max.Y <= a.Max.Y
		return inside && !slices.ContainsFunc(l.Taken, func(o vg.Rectangle) bool {
			return r.Min.X < o.Max.X && o.Min.X < r.Max.X && r.Min.Y < o.Max.Y && o.Min.Y < r.Max.Y
		})
	}
	place := places[max(slices.IndexFunc(places, free), 0)]
	l.Taken = append(l.Taken, room(place))
	a.FillText(sty, place, name)
}
