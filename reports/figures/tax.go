package figures

import (
	"fmt"

	"servebench/reports/stats"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// tax draws what a request's time goes to on each target: the place and the model.
func tax(a *stats.Analysis) Figure {
	t := a.Tax
	f := Figure{
		Name:  "tax",
		Title: "What the place costs",
		Caption: "Full: the place, which is network and virtualisation with the server's handling of HTTP: the response time when the model computes nothing (phase " + label(t.Noop.Name) +
			"). Pale: the model, which is the rest up to the same quantile with the real one (phase " + label(t.Model.Name) +
			"), a difference of quantiles. The line through the end of the full bar is the place's 95 % interval. Where the noise hides the model, there is no pale bar. Each quantile has an axis of its own.",
		Conditions: capital(stats.TaxMethod) + ".",
	}
	var bars []taxBar
	looks := looksOf(a.Run)
	for _, r := range t.Rows {
		if r.Known {
			bars = append(bars, taxBar{row: r, label: label(a.Label(r.Target)), look: looks[r.Target]})
		}
	}
	if len(bars) == 0 {
		f.Missing = "there are too few answers for a quantile in both phases"
		return f
	}
	groups := taxGroups(bars)
	f.Height = taxLegendLine
	for _, group := range groups {
		f.Height += taxHeight(group)
	}
	f.Data = taxTable(t, bars)
	f.paint = func(c draw.Canvas, p Palette) { drawTax(c, p, groups) }
	return f
}

// The room of a line of bars, of the axis below them, and of the legend above all.
const (
	taxLine       vg.Length = 19
	taxAxis       vg.Length = 40
	taxLegendLine vg.Length = 22
)

// taxBar is one target's bar at one quantile.
type taxBar struct {
	row   stats.TaxRow
	label string
	look  look
}

// taxGroups puts the bars of each quantile together.
func taxGroups(bars []taxBar) [][]taxBar {
	var groups [][]taxBar
	for _, q := range []float64{0.5, 0.99} {
		var group []taxBar
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
func (b taxBar) parts() string {
	place := stats.FormatMilliseconds(b.row.Place.Value)
	if !b.row.Model.ToldApart {
		return place + " ms, model not told apart"
	}
	return fmt.Sprintf("%s + %s = %s ms", place, stats.FormatMilliseconds(b.row.Model.Value), stats.FormatMilliseconds(b.row.Whole))
}

func taxTable(t *stats.Tax, bars []taxBar) Table {
	base := label(t.Base)
	table := Table{Head: []string{"target", "quantile", "place, ms", "÷ " + base, "model, ms", "÷ " + base, "whole, ms", "rounds"}}
	for _, b := range bars {
		r := b.row
		table.Rows = append(table.Rows, []string{b.label, stats.QuantileName(r.Q), taxText(r.Place), taxRatio(r.Place, r.Target == t.Base),
			taxText(r.Model), taxRatio(r.Model, r.Target == t.Base), stats.FormatMilliseconds(r.Whole), fmt.Sprint(r.Rounds)})
	}
	return table
}

func taxText(p stats.TaxPart) string {
	text := stats.FormatMilliseconds(p.Value)
	if p.HasInterval {
		text += " [" + stats.FormatMilliseconds(p.Low) + ", " + stats.FormatMilliseconds(p.High) + "]"
	}
	if !p.ToldApart {
		text += ", not told apart from 0"
	}
	return text
}

func taxRatio(p stats.TaxPart, base bool) string {
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
