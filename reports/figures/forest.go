package figures

import (
	"fmt"
	"math"
	"strconv"

	"servebench/reports/stats"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// forest draws every target's ratio to the reference target.
func forest(v view) Figure {
	f := Figure{
		Name:  v.name("forest"),
		Title: v.title("Against " + label(v.analysis.Reference)),
		Caption: "Each target divided by " + label(v.analysis.Reference) + " on a logarithmic scale: at the line they are " +
			"equal, at 2 the figure is twice as large. For latencies less is better, for goodput more. The bar is the 95 % " +
			"interval; a hollow marker has none. Where the bar crosses the line, no difference is shown.",
		Conditions: v.conditions() + " " + capital(stats.RatioMethod) + ".",
	}
	groups := ratioGroups(v)
	if len(groups) == 0 {
		f.Missing = "it takes two targets that answered in the same rounds, and there were not"
		return f
	}
	lines := 0
	for _, g := range groups {
		lines += 1 + len(g.ratios)
	}
	f.Height = 50 + vg.Length(lines)*ratioLine
	f.Data = ratioTable(v, groups)
	f.paint = func(c draw.Canvas, p Palette) { drawForest(c, p, v, groups, lines) }
	return f
}

const ratioLine vg.Length = 18

// ratioGroup is one metric's ratios.
type ratioGroup struct {
	metric string
	ratios []stats.Ratio
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
	t := Table{Head: []string{"target ÷ " + label(v.analysis.Reference), "metric", "ratio", "95 % interval", "rounds"}}
	for _, g := range groups {
		for _, r := range g.ratios {
			t.Rows = append(t.Rows, []string{label(r.Target), g.metric, ratioText(r.Value),
				ratioInterval(r), fmt.Sprint(r.Rounds)})
		}
	}
	return t
}

func ratioInterval(r stats.Ratio) string {
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
	return stats.FormatNumber(v)
}

func drawForest(c draw.Canvas, p Palette, v view, groups []ratioGroup, lines int) {
	const names, figures = 150, 130
	sty := face(small, p.Ink)
	sty.YAlign = draw.YCenter
	panel := newPanel(p)
	logAxis(&panel.X, ratioSpan(groups), c.Max.X-c.Min.X-names-figures, 56)
	panel.X.Label.Text = "ratio to " + label(v.analysis.Reference)
	panel.Y.Min, panel.Y.Max = 0, float64(lines)
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	panel.Add(equality{p})
	y := float64(lines)
	var rows []ratioRow
	for _, g := range groups {
		rows = append(rows, ratioRow{y: y - 0.5, heading: meaning(g.metric)})
		y--
		for _, r := range g.ratios {
			rows = append(rows, ratioRow{y: y - 0.5, ratio: r, look: v.lookOf(r.Target)})
			y--
		}
	}
	for _, r := range rows {
		panel.Add(r)
	}
	inner := draw.Crop(c, names, -figures, 0, 0)
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for _, r := range rows {
		at := data.Y(panel.Y.Norm(r.y))
		if r.heading != "" {
			bold := boldFace(small, p.Ink)
			bold.YAlign = draw.YCenter
			c.FillText(bold, vg.Point{X: c.Min.X, Y: at}, r.heading)
			continue
		}
		c.FillText(sty, vg.Point{X: c.Min.X + 10, Y: at}, fit(label(r.ratio.Target), names-20, sty.Width))
		text := ratioText(r.ratio.Value)
		if r.ratio.HasInterval {
			text += " " + ratioInterval(r.ratio)
		}
		c.FillText(sty, vg.Point{X: c.Max.X - figures + 12, Y: at}, text)
	}
}

// ratioSpan is symmetric about 1, so that twice and half look alike.
func ratioSpan(groups []ratioGroup) span {
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
	return span{1 / widest, widest}
}

func (v view) lookOf(target string) look {
	for _, s := range v.series {
		if s.row.Target == target {
			return s.look
		}
	}
	return look{color: Light().Ink}
}

// ratioRow is one line of the figure: a heading, or a ratio.
type ratioRow struct {
	y       float64
	heading string
	ratio   stats.Ratio
	look    look
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
		sty := draw.LineStyle{Color: r.look.color, Width: 1.6}
		c.StrokeLine2(sty, low, y, high, y)
		c.StrokeLine2(sty, low, y-3, low, y+3)
		c.StrokeLine2(sty, high, y-3, high, y+3)
	}
	c.DrawGlyph(glyph(marker{r.look.shape, !r.ratio.HasInterval}, r.look.color, 4), vg.Point{X: toX(r.ratio.Value), Y: y})
}

// equality is the line at 1.
type equality struct{ palette Palette }

// Plot implements plot.Plotter.
func (e equality) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, _ := panel.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: e.palette.Ink, Width: 1}, toX(1), c.Min.Y, toX(1), c.Max.Y)
}
