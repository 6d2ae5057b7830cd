package figures

import (
	"fmt"
	"math"
	"strconv"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/stats"

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
		Conditions: v.conditions() + " " + capital(stats.RatioMethod) + ".",
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
	t := Table{Head: []string{"target ÷ " + label(v.analysis.Label(v.analysis.Reference)), "metric", "ratio", "95 % interval", "rounds"}}
	for _, g := range groups {
		for _, r := range g.ratios {
			t.Rows = append(t.Rows, []string{label(v.analysis.Label(r.Target)), g.metric, ratioText(r.Value),
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
	return format.Number(v)
}
