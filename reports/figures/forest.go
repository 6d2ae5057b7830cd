package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"servebench/reports/analysis/sample"
	"servebench/reports/document"
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
		Title: v.title("Against " + nameOf(v.analysis, v.analysis.Reference)),
		Caption: "Each target divided by " + nameOf(v.analysis, v.analysis.Reference) + " on a logarithmic scale: at the line they are " +
			"equal, at 2 the figure is twice as large. For latencies less is better, for goodput more. The bar is the 95 % " +
			"interval; a hollow marker has none. Where the bar crosses the line, no difference is shown.",
		Conditions: v.conditions() + " " + format.Sentence(document.RatioMethod),
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
	f.Height = 50 + 18*vg.Length(lines)
	f.Data = ratioTable(v, groups)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawForest(c, p, v, groups) }
	return f
}

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
		at := slices.IndexFunc(groups, func(g ratioGroup) bool { return g.metric == r.Metric })
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
	t := Table{Head: []string{"target ÷ " + nameOf(v.analysis, v.analysis.Reference), "metric", "ratio", "95 % interval", "rounds"}}
	for _, g := range groups {
		for _, r := range g.ratios {
			t.Rows = append(t.Rows, []string{nameOf(v.analysis, r.Target), g.metric, ratioText(r.Value),
				ratioInterval(r), fmt.Sprint(r.Rounds)})
		}
	}
	return t
}

func ratioInterval(r sample.Ratio) string {
	if !r.HasInterval {
		return "too few rounds"
	}
	return ratioBounds(r.Low, r.High)
}

func ratioBounds(low, high float64) string {
	return "[" + ratioText(low) + ", " + ratioText(high) + "]"
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

func drawForest(c draw.Canvas, p chart.Palette, v view, groups []ratioGroup) {
	l := list{names: 150, figures: 130, indent: 10, room: 130, gap: 12}
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, ratioSpan(groups), c.Max.X-c.Min.X-l.names-l.figures, 56)
	panel.X.Label.Text = "ratio to " + nameOf(v.analysis, v.analysis.Reference)
	for _, g := range groups {
		l.lines = append(l.lines, line{name: meaning(g.metric), heading: true})
		for _, r := range g.ratios {
			figure := ratioText(r.Value)
			if r.HasInterval {
				figure += " " + ratioInterval(r)
			}
			l.lines = append(l.lines, line{name: nameOf(v.analysis, r.Target), figure: figure, mark: ratioMark{r, v.looks[r.Target]}.draw})
		}
	}
	panel.Add(chart.PlotFunc(func(c draw.Canvas, panel *plot.Plot) {
		toX, _ := panel.Transforms(&c)
		c.StrokeLine2(draw.LineStyle{Color: p.Ink, Width: 1}, toX(1), c.Min.Y, toX(1), c.Max.Y)
	}))
	l.draw(c, p, panel)
}

// ratioSpan is symmetric about 1, so that twice and half look alike.
func ratioSpan(groups []ratioGroup) chart.Span {
	widest := 1.1
	for _, g := range groups {
		for _, r := range g.ratios {
			for _, value := range []float64{r.Value, r.Low, r.High} {
				if value > 0 && !math.IsInf(value, 0) {
					widest = max(widest, value, 1/value)
				}
			}
		}
	}
	widest *= 1.08
	return chart.Span{Low: 1 / widest, High: widest}
}

type ratioMark struct {
	sample.Ratio
	look chart.Look
}

func (r ratioMark) draw(c draw.Canvas, panel *plot.Plot, middle float64) {
	toX, toY := panel.Transforms(&c)
	y, estimate := toY(middle), r.look.Marker.Hollow()
	if r.HasInterval {
		estimate = r.look.Marker
		chart.ErrorBar(c, draw.LineStyle{Color: r.look.Color, Width: 1.6}, max(toX(r.Low), c.Min.X), min(toX(r.High), c.Max.X), y)
	}
	c.DrawGlyph(chart.Glyph(estimate, r.look.Color, 4), vg.Point{X: toX(r.Value), Y: y})
}
