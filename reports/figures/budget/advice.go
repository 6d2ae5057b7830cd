package budget

import (
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/document"
	"servebench/reports/document/pricing"
	"servebench/reports/figures"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Advice returns the figures of where to serve: what the cost of the first place depends on,
// and those of the costs.
func Advice(a *advice.Advice) []figures.Figure {
	return append([]figures.Figure{tornado(a)}, Costs(a.Costs)...)
}

// tornado draws a bar for each input, the longest above.
func tornado(a *advice.Advice) figures.Figure {
	f := figures.New("advice-tornado", document.DescribeTornado(a))
	ranked := a.Priced()
	if len(ranked) == 0 || len(a.Tornado) == 0 {
		return f
	}
	const line, axis, legend = 22, 42, 22
	now := ranked[0].Month.Value
	return f.Shows(vg.Length(len(a.Tornado)*line+axis+legend), document.TornadoTable(a), func(c draw.Canvas, p chart.Palette) {
		look := chart.Looks([]string{"low", "high"})
		low, high := look["low"], look["high"]
		marks := chart.Legend{
			{Text: "low value", Color: low.Color, Block: true}, {Text: "high value", Color: high.Color, Block: true},
			{Text: "the cost as it is, " + format.Dollars(now), Color: p.Ink, Line: 1.2, Dash: chart.Dashed()},
		}
		var span chart.Span
		span.Add(now)
		other := false
		l := chart.List{Names: 160, Figures: 250, Room: 154, Gap: 12}
		for _, b := range a.Tornado {
			figure := pricing.InputValue(b.Input, b.Low.Value) + " " + dollarsAt(b.Low) + "  …  " + pricing.InputValue(b.Input, b.High.Value) + " " + dollarsAt(b.High)
			one := chart.ListLine{Name: pricing.InputName(b.Input), Figure: figure, Mark: tornadoBar(p, b, now, low, high)}
			l.Lines = append(l.Lines, one)
			for _, end := range []advice.End{b.Low, b.High} {
				if end.Unfit == nil {
					span.Add(end.USD)
				}
				other = other || end.First != nil
			}
		}
		if other {
			marks = append(marks, chart.Entry{Text: "another place is the cheapest", Color: p.Alarm, Marker: chart.Star})
		}
		panel := chart.NewPanel(p)
		panel.X.Label.Text = "$ a month"
		room := max(0.05*(span.High-span.Low), 0.01*now)
		panel.X.Min, panel.X.Max = max(0, span.Low-room), span.High+room
		panel.X.Tick.Marker = chart.LinearTicks(7)
		panel.Add(chart.Mark(func(area chart.Area) {
			area.StrokeLine2(chart.Stroke(p.Ink, 1.2, chart.Dashed()...), area.X(now), area.Min.Y, area.X(now), area.Max.Y)
		}))
		l.Draw(marks.Draw(c, p), p, panel)
	})
}

// dollarsAt is the cost at an end of a bar.
func dollarsAt(e advice.End) string {
	if e.Unfit != nil {
		return "(cannot serve)"
	}
	return "(" + format.Dollars(e.USD) + ")"
}

// tornadoBar draws from the cost as it is to that of either value.
func tornadoBar(p chart.Palette, b advice.Bar, now float64, low, high chart.Look) func(chart.Area, float64) {
	return func(a chart.Area, middle float64) {
		for i, end := range []advice.End{b.Low, b.High} {
			color := []chart.Look{low, high}[i].Color
			if end.Unfit != nil {
				continue
			}
			left, right := min(now, end.USD), max(now, end.USD)
			a.Rect(color, a.X(left), a.Y(middle-0.32), a.X(right), a.Y(middle+0.32))
			if end.First != nil {
				a.Marker(chart.Star, p.Alarm, 4, a.X(end.USD), a.Y(middle))
			}
		}
	}
}
