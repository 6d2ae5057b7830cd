// Package figures draws what a run measured: percentile curves, cumulative
// distributions, histograms, latency heat maps, time lines, ratios between
// targets, the rounds of an A/B test, what the target costs, and cold starts. It stands
// between reports/analysis, whose Analysis is its only input, and the formats that show
// figures: reports/html embeds them as SVG, and this package's own Format writes them
// as PNG files. Figures are pure functions of the analysis: the same run gives the
// same bytes.
package figures

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/record"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is one figure of a report. It is drawn when SVG or PNG is called.
type Figure struct {
	Name  string // stable and fit for a file name: "percentiles", "ecdf-steady"
	Title string
	// Caption says what is drawn and how to read it.
	Caption string
	// Conditions say under which load, with which exclusions, from how many
	// samples and by which interval method the figure came about.
	Conditions string
	// Mark is printed on the figure itself when it must not be read as a
	// plain result ("INVALID RUN: …"); "" otherwise.
	Mark string
	// Missing says why there is nothing to draw; "" when there is something.
	Missing string
	// Data is what is drawn, as numbers.
	Data Table
	// Width and Height are the natural size in points. A caller may change
	// them before rendering.
	Width, Height vg.Length

	paint func(draw.Canvas, chart.Palette)
}

// Table is a figure's data. The first column names the row.
type Table struct {
	Head []string
	Rows [][]string
}

// width is the natural width of every figure, in points.
const width vg.Length = 780

// All returns every figure of a report in reading order, one set for each
// measured phase, none of a load that the scenario does not have. A figure without
// data is returned with Missing set, so that a format can say why it is not there.
func All(a *analysis.Analysis) []Figure {
	var all []Figure
	if a.AB != nil {
		all = append(all, abTest(a))
	}
	if a.Overhead != nil {
		all = append(all, overheadSplit(a))
	}
	if !a.OnlyStarts() {
		if len(a.Saturated) > 0 {
			all = append(all, saturated(a))
		}
		for _, v := range views(a) {
			if f, has := stressed(v); has {
				all = append(all, f)
			}
			if len(a.Run.Targets) > 1 && a.AB == nil {
				all = append(all, forest(v))
			}
			all = append(all,
				percentiles(v), ecdf(v), histograms(v), heatmap(v), timeline(v))
		}
	}
	all = append(all, coldStarts(a))
	for i := range all {
		all[i].Mark = mark(a)
		all[i].Width = width
		if all[i].Mark != "" {
			all[i].Height += markHeight
		}
	}
	return all
}

// mark is what every figure of a run without a valid result carries.
func mark(a *analysis.Analysis) string {
	switch {
	case a.Nothing() != "":
		return "NO RESULT: nothing was measured"
	case a.Validity == record.Invalid:
		return "INVALID RUN, not a result: " + document.Blame(a)
	}
	if short := a.Shortfall(); short != nil {
		return short.Word + " RUN: the plan was not finished"
	}
	return ""
}

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

// Format writes every figure that has data as figures/NAME.png, for a light
// background, and figures/NAME-dark.png, for a dark one.
func Format() reports.Format {
	return reports.Format{
		Name:   "png",
		Doc:    "every figure as figures/NAME.png and figures/NAME-dark.png",
		Render: render,
	}
}

func render(a *analysis.Analysis, write reports.Write) error {
	for _, f := range All(a) {
		if f.Missing != "" {
			continue
		}
		for _, drawn := range []struct {
			palette chart.Palette
			ending  string
		}{{chart.Light(), ".png"}, {chart.Dark(), "-dark.png"}} {
			err := write("figures/"+f.Name+drawn.ending, func(w io.Writer) error { return f.PNG(w, drawn.palette) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func looksOf(run *record.Run) map[string]chart.Look {
	var names []string
	for _, t := range run.Targets {
		names = append(names, t.Name)
	}
	return chart.Looks(names)
}

// Markers returns each target's marker in its colour as a small <svg> element,
// to stand before its name in a table.
func Markers(run *record.Run) (map[string][]byte, error) {
	marks := map[string][]byte{}
	for name, l := range looksOf(run) {
		svg, err := chart.SVG(10, 10, "", func(c draw.Canvas) {
			c.DrawGlyphNoClip(chart.Glyph(l.Marker, l.Color, 3.6), c.Center())
		})
		if err != nil {
			return nil, fmt.Errorf("draw the marker of %s: %w", name, err)
		}
		marks[name] = svg
	}
	return marks, nil
}
