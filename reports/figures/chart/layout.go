package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Inset leaves room beside a Grid for its titles.
func Inset(c draw.Canvas) draw.Canvas { return draw.Crop(c, TitleWidth, -6, 0, 0) }

// TitleWidth is the room that the title of a row takes.
const TitleWidth vg.Length = 13

// HeadingHeight is the room of the heading above a panel.
const HeadingHeight vg.Length = 15

// Grid is panels in rows and columns, with their axes aligned.
type Grid struct {
	Panels [][]*plot.Plot // nil: none
	// Titles say what the vertical axes of a row show. Gonum's own axis label reserves
	// room for the middle of the axis' range, which on a logarithmic axis is near its end.
	Titles   []string
	Headings [][]Heading // above the panels, of as many rows as have some
	// Top is the room above each row of panels, PadX and PadY that between them.
	Top, PadX, PadY vg.Length
}

// Single is the grid of a panel that fills a figure.
func Single(panel *plot.Plot, title string) Grid {
	return Grid{Panels: [][]*plot.Plot{{panel}}, Titles: []string{title}}
}

// Heading names what a panel is of, with a note beside where there is room.
type Heading struct {
	Look       Look
	Name, Note string
}

// InColumns puts so many side by side, in as many rows as it takes.
func InColumns[T any](all []T, columns int) [][]T {
	rows := make([][]T, (len(all)+columns-1)/columns)
	for i := range rows {
		rows[i] = make([]T, columns)
		copy(rows[i], all[i*columns:])
	}
	return rows
}

// Draw draws the panels. Their titles stand to the left of the canvas, see Inset.
func (g Grid) Draw(c draw.Canvas, p Palette) {
	tiles := draw.Tiles{Rows: len(g.Panels), Cols: len(g.Panels[0]), PadTop: g.Top, PadX: g.PadX, PadY: g.PadY}
	for i, row := range plot.Align(g.Panels, tiles, c) {
		for j, tile := range row {
			panel := g.Panels[i][j]
			if panel == nil {
				continue
			}
			panel.Draw(tile)
			data := panel.DataCanvas(tile)
			if j == 0 {
				sty := Face(Small, p.Muted)
				sty.Rotation, sty.XAlign, sty.YAlign = math.Pi/2, draw.XCenter, draw.YCenter
				data.FillText(sty, vg.Point{X: c.Min.X - TitleWidth + Small/2, Y: data.Center().Y}, g.Titles[i])
			}
			if i < len(g.Headings) {
				g.Headings[i][j].draw(data, p)
			}
		}
	}
}

func (h Heading) draw(data draw.Canvas, p Palette) {
	at := vg.Point{X: data.Min.X + 4, Y: data.Max.Y + HeadingHeight/2}
	data.DrawGlyphNoClip(Glyph(h.Look.Marker, h.Look.Color, 3.4), at)
	name, note := middle(BoldFace(Small, p.Ink)), middle(Face(Small, p.Muted))
	at.X += 8
	shown := Fit(h.Name, data.Max.X-at.X, name)
	data.FillText(name, at, shown)
	at.X += name.Width(shown) + 8
	if at.X+note.Width(h.Note) <= data.Max.X {
		data.FillText(note, at, h.Note)
	}
}

func middle(sty text.Style) text.Style {
	sty.YAlign = draw.YCenter
	return sty
}

// Fit cuts a text to a width.
func Fit(s string, most vg.Length, sty text.Style) string {
	if sty.Width(s) <= most {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 && sty.Width(string(runes)+"…") > most {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// List is lines under one another on a common horizontal axis, each with a name to the
// left of the data and a figure to their right.
type List struct {
	Lines          []ListLine
	Names, Figures vg.Length // the room beside the data
	Indent         vg.Length // of the names
	Room           vg.Length // for an indented name
	Gap            vg.Length // from the data to the figures
	Marker         vg.Length // where the markers stand
}

// ListLine is one line of a list. A heading has no figure but a note.
type ListLine struct {
	Name    string
	Heading bool
	Look    *Look // its marker stands before the name; nil: none
	Figure  string
	Alarm   string // beside the figure
	// Mark draws what is on the line, whose middle is y; nil: nothing.
	Mark func(a Area, y float64)
}

// Draw draws the lines in a panel whose horizontal axis is set.
func (l List) Draw(c draw.Canvas, p Palette, panel *plot.Plot) {
	panel.Y.Min, panel.Y.Max = 0, float64(len(l.Lines))
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	place := func(i int) float64 { return float64(len(l.Lines)-i) - 0.5 }
	for i, one := range l.Lines {
		if one.Mark != nil {
			panel.Add(Mark(func(a Area) { one.Mark(a, place(i)) }))
		}
	}
	inner := draw.Crop(c, l.Names, -l.Figures, 0, 0)
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for i, one := range l.Lines {
		l.write(c, p, one, data.Y(panel.Y.Norm(place(i))))
	}
}

// write writes what stands to the left and to the right of a line.
func (l List) write(c draw.Canvas, p Palette, one ListLine, y vg.Length) {
	name, figure, alarm := middle(Face(Small, p.Ink)), middle(Face(Small, p.Ink)), middle(BoldFace(Small, p.Alarm))
	if one.Heading {
		name, figure = middle(BoldFace(Small, p.Ink)), middle(Face(Small, p.Muted))
	}
	left, right := c.Min.X, c.Max.X-l.Figures+l.Gap
	if one.Look != nil {
		c.DrawGlyphNoClip(Glyph(one.Look.Marker, one.Look.Color, 3.4), vg.Point{X: left + l.Marker, Y: y})
	}
	shown := one.Name
	if !one.Heading || one.Look != nil {
		left, shown = left+l.Indent, Fit(shown, l.Room, name)
	}
	c.FillText(name, vg.Point{X: left, Y: y}, shown)
	c.FillText(figure, vg.Point{X: right, Y: y}, one.Figure)
	c.FillText(alarm, vg.Point{X: right + figure.Width(one.Figure) + 8, Y: y}, one.Alarm)
}
