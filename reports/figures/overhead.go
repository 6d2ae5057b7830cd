package figures

import (
	"fmt"
	"image/color"
	"slices"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/overhead"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// overheadSplit draws what a request's time goes to on each target: the overhead and the model.
func overheadSplit(a *analysis.Analysis) Figure {
	t := a.Overhead
	f := Figure{
		Name:  "overhead",
		Title: "What the target costs",
		Caption: "Full: the overhead, which is network and virtualisation with the server's handling of HTTP: the response time when the model computes nothing (phase " + label(t.Noop.Name) +
			"). Pale: the model, which is the rest up to the same quantile with the real one (phase " + label(t.Model.Name) +
			"), a difference of quantiles. The line through the end of the full bar is the overhead's 95 % interval. Where the noise hides the model, there is no pale bar. Each quantile has a separate axis.",
		Conditions: format.Sentence(document.OverheadMethod),
	}
	var bars []overheadBar
	looks := looksOf(a.Run)
	for _, r := range t.Rows {
		if r.Known {
			bars = append(bars, overheadBar{row: r, label: nameOf(a, r.Target), look: looks[r.Target]})
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
	row   overhead.Row
	label string
	look  chart.Look
	ink   color.Color // of the interval
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
		return overhead + " ms, model below the noise"
	}
	return fmt.Sprintf("%s + %s = %s ms", overhead, format.Milliseconds(b.row.Model.Value), format.Milliseconds(b.row.Whole))
}

func overheadTable(t *overhead.Result, bars []overheadBar) Table {
	base := label(t.Base)
	table := Table{Head: []string{"target", "quantile", "overhead, ms", "÷ " + base, "model, ms", "÷ " + base, "whole, ms", "rounds"}}
	for _, b := range bars {
		r := b.row
		table.Rows = append(table.Rows, []string{b.label, format.Quantile(r.Q), overheadText(r.Overhead), overheadRatio(r.Overhead, r.Target == t.Base),
			overheadText(r.Model), overheadRatio(r.Model, r.Target == t.Base), format.Milliseconds(r.Whole), fmt.Sprint(r.Rounds)})
	}
	return table
}

func overheadText(p overhead.Part) string {
	text := format.Milliseconds(p.Value)
	if p.HasInterval {
		text += " [" + format.Milliseconds(p.Low) + ", " + format.Milliseconds(p.High) + "]"
	}
	if !p.ToldApart {
		text += ", not distinguishable from 0"
	}
	return text
}

func overheadRatio(p overhead.Part, base bool) string {
	switch {
	case base && p.ToldApart:
		return "1"
	case !p.HasRatio:
		return "–"
	case !p.HasRatioInterval:
		return ratioText(p.Ratio)
	}
	return ratioText(p.Ratio) + " " + ratioBounds(p.RatioLow, p.RatioHigh)
}

// drawOverhead draws each quantile in a panel with an axis of its own: the times of the
// slowest requests would make slivers of the others'.
func drawOverhead(c draw.Canvas, p chart.Palette, groups [][]overheadBar) {
	c = overheadLegend(p, groups).Draw(c, p)
	for _, group := range groups {
		height := overheadHeight(group)
		drawOverheadGroup(draw.Crop(c, 0, 0, c.Max.Y-c.Min.Y-height, 0), p, group)
		c = draw.Crop(c, 0, 0, 0, -height)
	}
}

// overheadLegend explains what is drawn, and nothing else.
func overheadLegend(p chart.Palette, groups [][]overheadBar) chart.Legend {
	l := chart.Legend{{Text: "overhead: network and virtualisation", Color: p.Muted, Block: true}}
	drawn := func(has func(overheadBar) bool) bool {
		return slices.ContainsFunc(groups, func(group []overheadBar) bool { return slices.ContainsFunc(group, has) })
	}
	if drawn(func(b overheadBar) bool { return b.row.Model.ToldApart }) {
		l = append(l, chart.Entry{Text: "model", Color: chart.Faint(p.Muted, paleness), Block: true})
	}
	if drawn(func(b overheadBar) bool { return b.row.Overhead.HasInterval }) {
		l = append(l, chart.Entry{Text: "95 % interval of the overhead", Color: p.Ink, Line: 1.4})
	}
	return l
}

// overheadHeight is the room of a group with its heading and its axis.
func overheadHeight(group []overheadBar) vg.Length {
	return vg.Length(len(group)+1)*overheadLine + overheadAxis
}

func drawOverheadGroup(c draw.Canvas, p chart.Palette, group []overheadBar) {
	heading := format.Quantile(group[0].row.Q) + " response time"
	panel := chart.NewPanel(p)
	panel.X.Label.Text = heading + ", ms"
	panel.X.Min, panel.X.Max = 0, longestBar(group)*1.03
	panel.X.Tick.Marker = chart.LinearTicks{Most: 9}
	l := list{names: 130, figures: 170, indent: 23, room: 102, gap: 10, marker: 14, lines: []line{{name: heading, heading: true}}}
	for _, b := range group {
		b.ink = p.Ink
		l.lines = append(l.lines, line{name: b.label, look: &b.look, figure: b.parts(), mark: b.draw})
	}
	l.draw(c, p, panel)
}

// paleness is the opacity of the model's part of a bar.
const paleness = 0.35

func longestBar(group []overheadBar) float64 {
	longest := time.Duration(0)
	for _, b := range group {
		longest = max(longest, b.row.Whole, b.row.Overhead.High)
	}
	return chart.Milliseconds(longest)
}

func (b overheadBar) draw(c draw.Canvas, panel *plot.Plot, middle float64) {
	toX, toY := panel.Transforms(&c)
	at := func(d time.Duration) vg.Length { return toX(chart.Milliseconds(d)) }
	block := func(from, to vg.Length, opacity float64) {
		chart.FillRect(c, chart.Faint(b.look.Color, opacity), from, toY(middle-0.34), to, toY(middle+0.34))
	}
	end := at(b.row.Overhead.Value)
	block(toX(0), end, 1)
	if b.row.Model.ToldApart {
		block(end, at(b.row.Whole), paleness)
	}
	if b.row.Overhead.HasInterval {
		chart.ErrorBar(c, draw.LineStyle{Color: b.ink, Width: 1.4}, at(b.row.Overhead.Low), at(b.row.Overhead.High), toY(middle))
	}
}
