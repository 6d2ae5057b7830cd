package figures

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports/figures/chart"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	medium vg.Length = 9.5
	large  vg.Length = 13
	margin vg.Length = 14 // around a figure that stands alone

	markHeight vg.Length = 15 // what a mark adds to a figure
)

// SVG draws the figure as an <svg> element to be put into an HTML page (see
// chart.SVG). It has no title and no caption, which the page gives.
func (f Figure) SVG() ([]byte, error) {
	svg, err := chart.SVG(f.Width, f.Height, f.Title, func(c draw.Canvas) { f.draw(c, chart.Light()) })
	if err != nil {
		return nil, fmt.Errorf("draw figure %s: %w", f.Name, err)
	}
	return svg, nil
}

// PNG draws the figure with title and caption, to be read on its own.
func (f Figure) PNG(w io.Writer, p chart.Palette) error {
	title, lines := chart.BoldFace(large, p.Ink), f.captionLines(p)
	height := f.Height + title.Height("X") + 4 + margin/2 + captionHeight(p, lines)
	err := chart.PNG(w, f.Width, height, p.Paper, func(c draw.Canvas) {
		c = draw.Crop(c, margin, -margin, 0, -margin/2)
		c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, f.Title)
		c = draw.Crop(c, 0, 0, 0, -title.Height(f.Title)-4)
		f.draw(drawCaption(c, p, lines), p)
	})
	if err != nil {
		return fmt.Errorf("draw figure %s: %w", f.Name, err)
	}
	return nil
}

// draw draws what is inside the frame.
func (f Figure) draw(c draw.Canvas, p chart.Palette) {
	if f.Mark != "" {
		alarm := chart.BoldFace(medium, p.Alarm)
		c.FillText(alarm, vg.Point{X: c.Min.X, Y: c.Max.Y}, fit(f.Mark, c.Max.X-c.Min.X, alarm.Width))
		c = draw.Crop(c, 0, 0, 0, -markHeight)
	}
	f.paint(c, p)
}

// drawCaption writes the caption along the lower edge and returns what is left.
func drawCaption(c draw.Canvas, p chart.Palette, lines []string) draw.Canvas {
	sty := chart.Face(chart.Small, p.Muted)
	room := captionHeight(p, lines)
	at := vg.Point{X: c.Min.X, Y: c.Min.Y + room - margin/2}
	for _, line := range lines {
		c.FillText(sty, at, line)
		at.Y -= chart.LineHeight(sty)
	}
	return draw.Crop(c, 0, 0, room, 0)
}

func captionHeight(p chart.Palette, lines []string) vg.Length {
	return vg.Length(len(lines))*chart.LineHeight(chart.Face(chart.Small, p.Muted)) + margin
}

func (f Figure) captionLines(p chart.Palette) []string {
	sty := chart.Face(chart.Small, p.Muted)
	lines := wrap(f.Caption, f.Width-2*margin, sty)
	return append(lines, wrap(f.Conditions, f.Width-2*margin, sty)...)
}

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
