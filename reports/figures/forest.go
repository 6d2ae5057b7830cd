package figures

import (
	"fmt"
	"math"
	"strconv"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// forest draws every target's ratio to the reference target.
func forest(v view) Figure {
	f := Figure{
		Name:  v.name("forest"),
		Title: v.title("Against " + label(v.analysis.Label(v.analysis.Reference))),
		Caption: "Each target divided by " + label(v.analysis.Label(v.analysis.Reference)) + " on a logarithmic scale: at the line they are " +
			"equal, at 2 the figure is twice as large. For latencies less is better, for goodput more. The bar is the 95 % " +
			"interval; a hollow marker has none. Where the bar crosses the line, no difference is shown.",
		Conditions: v.conditions() + " " + capital(analysis.RatioMethod) + ".",
	}
	groups := ratioGroups(v)
	if len(groups) == 0 {
		f.Missing = "a comparison takes two targets that answered in the same rounds"
		return f
	}
	lines := 0
	for _, g := range groups {
		lines += 1 + len(g.ratios)
	}
	f.Height = 50 + vg.Length(lines)*ratioLine
	f.Data = ratioTable(v, groups)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawForest(c, p, v, groups, lines) }
	return f
}

const ratioLine vg.Length = 18

// ratioGroup is one metric's ratios.
type ratioGroup struct {
	metric string
	ratios []sample.Ratio
}

func ratioGroups(v view) []ratioGroup {
	var groups []ratioGroup
	for _, r := range v.analysis.Ratios {
		if r.Phase != v.phase.Name || !(r.Value > 0) || math.IsInf(r.Value, 0) {
			continue
		}
		at := -1
		for i, g := range groups {
			if g.metric == r.Metric {
				at = i
			}
		}
		if at < 0 {
			at = len(groups)
			groups = append(groups, ratioGroup{metric: r.Metric})
		}
		groups[at].ratios = append(groups[at].ratios, r)
	}
	return groups
}

// meaning names a metric and which direction is better.
func meaning(metric string) string {
	switch metric {
	case "p50", "p90", "p99", "p99.9":
		return metric + " response time: less is better"
	case "goodput":
		return "goodput: more is better"
	}
	return metric
}

func ratioTable(v view, groups []ratioGroup) Table {
	t := Table{Head: []string{"target ÷ " + label(v.analysis.Label(v.analysis.Reference)), "metric", "ratio", "95 % interval", "rounds"}}
	for _, g := range groups {
		for _, r := range g.ratios {
			t.Rows = append(t.Rows, []string{label(v.analysis.Label(r.Target)), g.metric, ratioText(r.Value),
				ratioInterval(r), fmt.Sprint(r.Rounds)})
		}
	}
	return t
}

func ratioInterval(r sample.Ratio) string {
	if !r.HasInterval {
		return "too few rounds"
	}
	return "[" + ratioText(r.Low) + ", " + ratioText(r.High) + "]"
}

// ratioText writes a ratio with more digits the closer it is to 1.
func ratioText(v float64) string {
	switch {
	case v > 0.9 && v < 1.1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case v >= 0.1 && v < 100:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return format.Number(v)
}

// The room beside the data for names and for figures.
const (
	ratioNames   vg.Length = 150
	ratioFigures vg.Length = 130
)

func drawForest(c draw.Canvas, p chart.Palette, v view, groups []ratioGroup, lines int) {
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, ratioSpan(groups), c.Max.X-c.Min.X-ratioNames-ratioFigures, 56)
	panel.X.Label.Text = "ratio to " + label(v.analysis.Label(v.analysis.Reference))
	panel.Y.Min, panel.Y.Max = 0, float64(lines)
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	panel.Add(equality{p})
	rows := ratioRows(v, groups, lines)
	for _, r := range rows {
		panel.Add(r)
	}
	inner := draw.Crop(c, ratioNames, -ratioFigures, 0, 0)
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for _, r := range rows {
		r.name(c, p, data.Y(panel.Y.Norm(r.y)))
	}
}

// ratioRows lists the lines of the figure from the top.
func ratioRows(v view, groups []ratioGroup, lines int) []ratioRow {
	y := float64(lines) - 0.5
	var rows []ratioRow
	for _, g := range groups {
		rows = append(rows, ratioRow{y: y, heading: meaning(g.metric)})
		y--
		for _, r := range g.ratios {
			rows = append(rows, ratioRow{y: y, ratio: r, label: label(v.analysis.Label(r.Target)), look: v.lookOf(r.Target)})
			y--
		}
	}
	return rows
}

// name writes what stands to the left and to the right of a line.
func (r ratioRow) name(c draw.Canvas, p chart.Palette, y vg.Length) {
	if r.heading != "" {
		bold := chart.BoldFace(chart.Small, p.Ink)
		bold.YAlign = draw.YCenter
		c.FillText(bold, vg.Point{X: c.Min.X, Y: y}, r.heading)
		return
	}
	sty := chart.Face(chart.Small, p.Ink)
	sty.YAlign = draw.YCenter
	c.FillText(sty, vg.Point{X: c.Min.X + 10, Y: y}, fit(r.label, ratioNames-20, sty.Width))
	text := ratioText(r.ratio.Value)
	if r.ratio.HasInterval {
		text += " " + ratioInterval(r.ratio)
	}
	c.FillText(sty, vg.Point{X: c.Max.X - ratioFigures + 12, Y: y}, text)
}

// ratioSpan is symmetric about 1, so that twice and half look alike.
func ratioSpan(groups []ratioGroup) chart.Span {
	widest := 1.1
	for _, g := range groups {
		for _, r := range g.ratios {
			for _, value := range []float64{r.Value, r.Low, r.High} {
				if value > 0 && !math.IsInf(value, 0) {
					widest = math.Max(widest, math.Max(value, 1/value))
				}
			}
		}
	}
	widest *= 1.08
	return chart.Span{Low: 1 / widest, High: widest}
}

func (v view) lookOf(target string) chart.Look {
	for _, s := range v.series {
		if s.row.Target == target {
			return s.look
		}
	}
	return chart.Look{Color: chart.Light().Ink}
}

// ratioRow is one line of the figure: a heading, or a ratio.
type ratioRow struct {
	y       float64
	heading string
	ratio   sample.Ratio
	label   string // the target's
	look    chart.Look
}

// Plot implements plot.Plotter.
func (r ratioRow) Plot(c draw.Canvas, panel *plot.Plot) {
	if r.heading != "" {
		return
	}
	toX, toY := panel.Transforms(&c)
	y := toY(r.y)
	if r.ratio.HasInterval {
		low := max(toX(r.ratio.Low), c.Min.X)
		high := min(toX(r.ratio.High), c.Max.X)
		sty := draw.LineStyle{Color: r.look.Color, Width: 1.6}
		c.StrokeLine2(sty, low, y, high, y)
		c.StrokeLine2(sty, low, y-3, low, y+3)
		c.StrokeLine2(sty, high, y-3, high, y+3)
	}
	estimate := r.look.Marker
	if !r.ratio.HasInterval {
		estimate = estimate.Hollow()
	}
	c.DrawGlyph(chart.Glyph(estimate, r.look.Color, 4), vg.Point{X: toX(r.ratio.Value), Y: y})
}

// equality is the line at 1.
type equality struct{ palette chart.Palette }

// Plot implements plot.Plotter.
func (e equality) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, _ := panel.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: e.palette.Ink, Width: 1}, toX(1), c.Min.Y, toX(1), c.Max.Y)
}
