// Package figures draws what a run measured: percentile curves, cumulative
// distributions, histograms, latency heat maps, time lines, ratios between
// targets, the rounds of an A/B test, what the target costs, and cold starts. It stands
// between reports/stats, whose Analysis is its only input, and the formats that show
// figures: reports/html embeds them as SVG, and this package's own Format writes them
// as PNG files. Figures are pure functions of the analysis: the same run gives the
// same bytes.
package figures

import (
	"servebench/reports/figures/chart"
	"servebench/reports/stats"

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
func All(a *stats.Analysis) []Figure {
	var all []Figure
	if a.AB != nil {
		all = append(all, abTest(a))
	}
	if a.Overhead != nil {
		all = append(all, overhead(a))
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
func mark(a *stats.Analysis) string {
	switch {
	case a.Nothing() != "":
		return "NO RESULT: nothing was measured"
	case a.Validity == stats.Invalid:
		return "INVALID RUN, not a result: " + a.Blame()
	}
	if short := a.Shortfall(); short != nil {
		return short.Word + " RUN: the plan was not finished"
	}
	return ""
}
