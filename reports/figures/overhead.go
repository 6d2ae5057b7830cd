package figures

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/overhead"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// overheadSplit draws what a request's time goes to on each target, the overhead and the
// model, each quantile in a panel with a separate axis: the times of the slowest requests
// would make slivers of the others'.
func overheadSplit(a *analysis.Analysis) Figure {
	f := newFigure(a, "overhead", document.Drawn{})
	var groups [][]overhead.Row
	var all []overhead.Row
	height := vg.Length(22) // of the legend
	for _, q := range []float64{0.5, 0.99} {
		group := slices.DeleteFunc(slices.Clone(a.Overhead.Rows), func(r overhead.Row) bool { return !r.Known || r.Q != q })
		if len(group) > 0 {
			groups, all = append(groups, group), append(all, group...)
			height += overheadHeight(group)
		}
	}
	if len(groups) == 0 {
		return f
	}
	return f.Shows(height, nil, func(c draw.Canvas, p chart.Palette) {
		// The legend explains what is drawn, and nothing else.
		l := chart.Legend{{Text: "overhead: network and virtualisation", Color: p.Muted, Block: true}}
		if slices.ContainsFunc(all, func(r overhead.Row) bool { return r.Model.ToldApart }) {
			l = append(l, chart.Entry{Text: "model", Color: chart.Faint(p.Muted, paleness), Block: true})
		}
		if slices.ContainsFunc(all, func(r overhead.Row) bool { return r.Overhead.HasInterval }) {
			l = append(l, chart.Entry{Text: "95 % interval of the overhead", Color: p.Ink, Line: 1.4})
		}
		c = l.Draw(c, p)
		for _, group := range groups {
			height := overheadHeight(group)
			drawOverhead(draw.Crop(c, 0, 0, c.Max.Y-c.Min.Y-height, 0), p, a, group)
			c = draw.Crop(c, 0, 0, 0, -height)
		}
	})
}

// overheadHeight is the room of a group with its heading and its axis.
func overheadHeight(group []overhead.Row) vg.Length { return vg.Length(len(group)+1)*19 + 40 }

func drawOverhead(c draw.Canvas, p chart.Palette, a *analysis.Analysis, group []overhead.Row) {
	heading, looks := format.Quantile(group[0].Q)+" response time", looksOf(a.Run)
	l := chart.List{Names: 130, Figures: 170, Indent: 23, Room: 102, Gap: 10, Marker: 14, Lines: []chart.ListLine{{Name: heading, Heading: true}}}
	longest := time.Duration(0)
	for _, r := range group {
		longest = max(longest, r.Whole, r.Overhead.High)
		look, parts := looks[r.Target], format.Milliseconds(r.Overhead.Value)
		if r.Model.ToldApart {
			parts += fmt.Sprintf(" + %s = %s ms", format.Milliseconds(r.Model.Value), format.Milliseconds(r.Whole))
		} else {
			parts += " ms, model below the noise"
		}
		l.Lines = append(l.Lines, chart.ListLine{Name: nameOf(a, r.Target), Look: &look, Figure: parts, Mark: overheadBar(p, r, look)})
	}
	panel := chart.NewPanel(p)
	panel.X.Label.Text = heading + ", ms"
	panel.X.Min, panel.X.Max = 0, chart.Milliseconds(longest)*1.03
	panel.X.Tick.Marker = chart.LinearTicks(9)
	l.Draw(c, p, panel)
}

// paleness is the opacity of the model's part of a bar.
const paleness = 0.35

func overheadBar(p chart.Palette, r overhead.Row, l chart.Look) func(chart.Area, float64) {
	return func(a chart.Area, middle float64) {
		at := func(d time.Duration) vg.Length { return a.X(chart.Milliseconds(d)) }
		block := func(from, to vg.Length, opacity float64) {
			a.Rect(chart.Faint(l.Color, opacity), from, a.Y(middle-0.34), to, a.Y(middle+0.34))
		}
		end := at(r.Overhead.Value)
		block(a.X(0), end, 1)
		if r.Model.ToldApart {
			block(end, at(r.Whole), paleness)
		}
		if r.Overhead.HasInterval {
			a.ErrorBar(chart.Stroke(p.Ink, 1.4), at(r.Overhead.Low), at(r.Overhead.High), a.Y(middle))
		}
	}
}
