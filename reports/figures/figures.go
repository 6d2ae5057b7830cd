// Package figures draws what a run measured: percentile curves, cumulative
// distributions, histograms, latency heat maps, time lines, ratios between
// targets, the rounds of an A/B test, the search for a capacity, accuracy over time, and
// cold starts. It stands between reports/analysis, whose Analysis is its only input, and the
// formats that show figures: reports/html embeds them as SVG, and this package's own Format writes
// them as PNG files. What is said around a figure is made by reports/document. Figures are
// pure functions of the analysis: the same run gives the same bytes.
package figures

import (
	"fmt"
	"io"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is one figure of a report. It is drawn when SVG or PNG is called.
type Figure struct {
	Name string // stable and fit for a file name: "percentiles", "ecdf-steady"
	// Description is what is said of it. Missing is "" when there is something to draw,
	// and then its Data are there.
	document.Description
	// Width and Height are the natural size in points. A caller may change
	// them before rendering.
	Width, Height vg.Length

	paint func(draw.Canvas, chart.Palette)
}

// New is a figure without anything to draw yet.
func New(name string, said document.Description) Figure {
	return Figure{Name: name, Description: said, Width: Width}
}

func newFigure(a *analysis.Analysis, name string, drawn document.Drawn) Figure {
	return New(name, document.Describe(a, name, drawn))
}

// Shows gives a figure what it draws. Its data are those of the report, unless there are
// others.
func (f Figure) Shows(height vg.Length, data *element.Table, paint func(draw.Canvas, chart.Palette)) Figure {
	f.Missing, f.Height, f.paint = "", height, paint
	if data != nil {
		f.Data = data
	}
	return f
}

// Width is the natural width of every figure, in points.
const Width vg.Length = 780

// All returns every figure of a report in reading order, one set for each
// measured phase, none of a load that the scenario does not have. A figure without
// data is returned with Missing set, so that a format can say why it is not there.
func All(a *analysis.Analysis) []Figure {
	var all []Figure
	if a.AB != nil {
		all = append(all, abTest(a))
	}
	if len(a.Capacity) > 0 {
		all = append(all, searched(a))
	}
	if a.Overhead != nil {
		all = append(all, overheadSplit(a))
	}
	all = append(all, swept(a)...)
	if !a.OnlyStarts() {
		if len(a.Saturated) > 0 {
			all = append(all, saturated(a))
		}
		for _, v := range views(a) {
			if scaling := a.Run.Scenario.Scaling; scaling != nil && scaling.Varies() {
				all = append(all, scaled(v))
			}
			if a.Run.Scenario.Monitor != nil {
				all = append(all, accuracy(v))
			}
			if len(a.Drift) > 0 {
				all = append(all, retraining(v))
			}
			if len(v.phase.Steps) > 0 {
				all = append(all, stressed(v))
			}
			if len(a.Run.Targets) > 1 && a.AB == nil {
				all = append(all, forest(v))
			}
			all = append(all, percentiles(v), ecdf(v), histograms(v), heatmap(v), timeline(v))
		}
	}
	all = append(all, coldStarts(a))
	for i := range all {
		all[i].Height += markHeight * vg.Length(len(all[i].markLines()))
	}
	return all
}

const (
	medium vg.Length = 9.5
	large  vg.Length = 13
	margin vg.Length = 14 // around a figure that stands alone

	markHeight vg.Length = 15 // what a line of a mark adds to a figure
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
	title, small := chart.BoldFace(large, p.Ink), chart.Face(chart.Small, p.Muted)
	var lines []string
	for _, paragraph := range []string{f.Caption, f.Conditions, f.Method} {
		lines = append(lines, wrap(format.Plain(paragraph), f.Width-2*margin, small)...)
	}
	top, bottom := title.Height("X")+4, vg.Length(len(lines))*chart.LineHeight(small)+margin
	err := chart.PNG(w, f.Width, f.Height+top+margin/2+bottom, p.Paper, func(c draw.Canvas) {
		c = draw.Crop(c, margin, -margin, 0, -margin/2)
		c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, chart.Fit(format.Plain(f.Title), c.Max.X-c.Min.X, title))
		at := vg.Point{X: c.Min.X, Y: c.Min.Y + bottom - margin/2}
		for _, line := range lines {
			c.FillText(small, at, line)
			at.Y -= chart.LineHeight(small)
		}
		f.draw(draw.Crop(c, 0, 0, bottom, -top), p)
	})
	if err != nil {
		return fmt.Errorf("draw figure %s: %w", f.Name, err)
	}
	return nil
}

// draw draws what is inside the frame.
func (f Figure) draw(c draw.Canvas, p chart.Palette) {
	for _, line := range f.markLines() {
		alarm := chart.BoldFace(medium, p.Alarm)
		c.FillText(alarm, vg.Point{X: c.Min.X, Y: c.Max.Y}, chart.Fit(line, c.Max.X-c.Min.X, alarm))
		c = draw.Crop(c, 0, 0, 0, -markHeight)
	}
	f.paint(c, p)
}

// markLines are the lines of the mark, none of a figure without.
func (f Figure) markLines() []string { return wrap(f.Mark, f.Width, chart.BoldFace(medium, nil)) }

// wrap breaks a paragraph into lines no wider than the given width; a single
// word that is wider stays whole.
func wrap(paragraph string, most vg.Length, sty text.Style) []string {
	var lines []string
	for _, word := range strings.Fields(paragraph) {
		if last := len(lines) - 1; last >= 0 && sty.Width(lines[last]+" "+word) <= most {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
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
		if err := write("figures/"+f.Name+".png", func(w io.Writer) error { return f.PNG(w, chart.Light()) }); err != nil {
			return err
		}
		if err := write("figures/"+f.Name+"-dark.png", func(w io.Writer) error { return f.PNG(w, chart.Dark()) }); err != nil {
			return err
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
