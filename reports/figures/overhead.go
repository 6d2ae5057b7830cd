package figures

import (
	"fmt"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// overhead draws what a request's time goes to on each target: the overhead and the model.
func overhead(a *stats.Analysis) Figure {
	t := a.Overhead
	f := Figure{
		Name:  "overhead",
		Title: "What the target costs",
		Caption: "Full: the overhead, which is network and virtualisation with the server's handling of HTTP: the response time when the model computes nothing (phase " + label(t.Noop.Name) +
			"). Pale: the model, which is the rest up to the same quantile with the real one (phase " + label(t.Model.Name) +
			"), a difference of quantiles. The line through the end of the full bar is the overhead's 95 % interval. Where the noise hides the model, there is no pale bar. Each quantile has an axis of its own.",
		Conditions: capital(stats.OverheadMethod) + ".",
	}
	var bars []overheadBar
	looks := looksOf(a.Run)
	for _, r := range t.Rows {
		if r.Known {
			bars = append(bars, overheadBar{row: r, label: label(a.Label(r.Target)), look: looks[r.Target]})
		}
	}
	if len(bars) == 0 {
		f.Missing = "there are too few answers for a quantile in both phases"
		return f
	}
	groups := overheadGroups(bars)
	f.Height = overheadLegendLine
	for _, group := range groups {
		f.Height += overheadHeight(group)
	}
	f.Data = overheadTable(t, bars)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawOverhead(c, p, groups) }
	return f
}

// The room of a line of bars, of the axis below them, and of the legend above all.
const (
	overheadLine       vg.Length = 19
	overheadAxis       vg.Length = 40
	overheadLegendLine vg.Length = 22
)

// overheadBar is one target's bar at one quantile.
type overheadBar struct {
	row   stats.OverheadRow
	label string
	look  chart.Look
}

// overheadGroups puts the bars of each quantile together.
func overheadGroups(bars []overheadBar) [][]overheadBar {
	var groups [][]overheadBar
	for _, q := range []float64{0.5, 0.99} {
		var group []overheadBar
		for _, b := range bars {
			if b.row.Q == q {
				group = append(group, b)
			}
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// parts writes the two parts and their sum: "0.306 + 0.154 = 0.461 ms".
func (b overheadBar) parts() string {
	overhead := format.Milliseconds(b.row.Overhead.Value)
	if !b.row.Model.ToldApart {
		return overhead + " ms, model not told apart"
	}
	return fmt.Sprintf("%s + %s = %s ms", overhead, format.Milliseconds(b.row.Model.Value), format.Milliseconds(b.row.Whole))
}

func overheadTable(t *stats.Overhead, bars []overheadBar) Table {
	base := label(t.Base)
	table := Table{Head: []string{"target", "quantile", "overhead, ms", "÷ " + base, "model, ms", "÷ " + base, "whole, ms", "rounds"}}
	for _, b := range bars {
		r := b.row
		table.Rows = append(table.Rows, []string{b.label, format.Quantile(r.Q), overheadText(r.Overhead), overheadRatio(r.Overhead, r.Target == t.Base),
			overheadText(r.Model), overheadRatio(r.Model, r.Target == t.Base), format.Milliseconds(r.Whole), fmt.Sprint(r.Rounds)})
	}
	return table
}

func overheadText(p stats.OverheadPart) string {
	text := format.Milliseconds(p.Value)
	if p.HasInterval {
		text += " [" + format.Milliseconds(p.Low) + ", " + format.Milliseconds(p.High) + "]"
	}
	if !p.ToldApart {
		text += ", not told apart from 0"
	}
	return text
}

func overheadRatio(p stats.OverheadPart, base bool) string {
	switch {
	case base && p.ToldApart:
		return "1"
	case !p.HasRatio:
		return "–"
	case !p.HasRatioInterval:
		return ratioText(p.Ratio)
	}
	return ratioText(p.Ratio) + " [" + ratioText(p.RatioLow) + ", " + ratioText(p.RatioHigh) + "]"
}
