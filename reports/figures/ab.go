package figures

import (
	"math"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/document"
	"servebench/reports/document/sentence"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// abTest draws the pairs of every metric in the order in which they were played, and
// what each interim analysis made of them.
func abTest(a *analysis.Analysis) Figure {
	f := newFigure(a, "ab", document.Drawn{})
	metrics := slices.DeleteFunc(slices.Clone(a.AB.Metrics), func(m ab.Metric) bool { return len(m.Pairs) == 0 })
	if len(metrics) == 0 {
		return f
	}
	last, unanswered := 1, false // the last round, or interim analysis
	for _, m := range metrics {
		for _, pair := range m.Pairs {
			last, unanswered = max(last, pair.Round), unanswered || !drawable(pair.Candidate/pair.Baseline)
		}
		for _, i := range m.Interims {
			last = max(last, i.Pairs)
		}
	}
	const legend, axis, panel = 22, 26, 150
	return f.Shows(legend+axis+panel*vg.Length(len(metrics)), nil, func(c draw.Canvas, p chart.Palette) {
		look := looksOf(a.Run)[record.Candidate]
		c = abEntries(p, look, unanswered).Draw(c, p)
		height := (c.Max.Y - c.Min.Y - axis) / vg.Length(len(metrics))
		for i, m := range metrics {
			top, lowest := vg.Length(i)*height, i == len(metrics)-1
			bottom := c.Max.Y - c.Min.Y - top - height
			if lowest {
				bottom = 0 // the names of the rounds are below it
			}
			drawPairs(draw.Crop(c, 0, 0, bottom, -top), p, a, m, look, float64(last), lowest)
		}
	})
}

// drawable says that a ratio has a place on a logarithmic axis.
func drawable(ratio float64) bool { return ratio > 0 && !math.IsInf(ratio, 0) }

func abEntries(p chart.Palette, l chart.Look, unanswered bool) chart.Legend {
	all := chart.Legend{
		{Text: "candidate first", Color: l.Color, Marker: chart.Circle},
		{Text: "baseline first", Color: l.Color, Marker: chart.Circle.Hollow()},
		{Text: "estimate and bounds at an interim analysis", Color: p.Ink, Line: 1.6, Marker: chart.Square},
		{Text: "equal", Color: p.Ink, Line: 1},
		{Text: "margin", Color: p.Alarm, Line: 1, Dash: []vg.Length{5, 3}},
		{Text: "tolerance", Color: p.Alarm, Line: 1, Dash: []vg.Length{1, 3}},
	}
	if unanswered {
		all = append(all, chart.Entry{Text: "one variant has no answer there", Color: p.Alarm, Marker: chart.Triangle})
	}
	return all
}

// drawPairs draws the panel of one metric, below its name and what became of it: "p50:
// FAIL, +19.1 % [+16.9, +20.7] %".
func drawPairs(c draw.Canvas, p chart.Palette, a *analysis.Analysis, m ab.Metric, l chart.Look, last float64, lowest bool) {
	heading := m.Name
	if a.Several() && m.Phase != "" {
		heading += ", phase " + Label(m.Phase)
	}
	heading += ": " + string(m.Verdict) + ", " + format.Change(m.Ratio)
	if bounds := sentence.MetricBounds(m); bounds != "" {
		heading += " " + bounds
	}
	c.FillText(chart.BoldFace(medium, p.Ink), vg.Point{X: c.Min.X, Y: c.Max.Y}, heading)
	c = draw.Crop(c, 0, 0, 0, -16)

	margin, tolerance := 1+a.Run.AB.Margin, 1+a.Run.AB.Tolerance
	if m.Less { // is worse
		margin, tolerance = 1/margin, 1/tolerance
	}
	var s chart.Span // all that is drawn and has an end
	s.Add(1, margin, tolerance)
	for _, pair := range m.Pairs {
		s.Add(pair.Candidate / pair.Baseline)
	}
	for _, i := range m.Interims {
		s.Add(i.Ratio, i.Low, i.High)
	}
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.Y, s.Padded(1.1), 1, 1)
	panel.Y.Tick.Marker = plot.TickerFunc(changeTicks)
	panel.Y.Label.Text = "change"
	panel.X.Min, panel.X.Max = 0.4, last+1.1
	panel.X.Tick.Marker = chart.Unlabelled(roundTicks(last))
	if lowest {
		panel.X.Tick.Marker = roundTicks(last)
		panel.X.Label.Text = "round, in the order in which they ran"
	}
	panel.Add(chart.Level(1, chart.Stroke(p.Ink, 1)), chart.Level(margin, chart.Stroke(p.Alarm, 1, 5, 3)),
		chart.Level(tolerance, chart.Stroke(p.Alarm, 1, 1, 3)), pairPoints(m.Pairs, l, p))
	for _, i := range m.Interims {
		if drawable(i.Ratio) {
			panel.Add(interimBar(i, p))
		}
	}
	panel.Draw(c)
}

// pairPoints are the rounds of a metric. Where a variant has no answer, a mark at the
// edge stands for it.
func pairPoints(pairs []ab.Pair, l chart.Look, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		for _, pair := range pairs {
			x, ratio, dot := a.X(float64(pair.Round)), pair.Candidate/pair.Baseline, chart.Circle.Hollow()
			if pair.CandidateFirst {
				dot = chart.Circle
			}
			switch {
			case math.IsInf(ratio, 0):
				a.Marker(chart.Triangle, p.Alarm, 3.5, x, a.Max.Y-4)
			case !(ratio > 0):
				a.Marker(chart.Inverted, p.Alarm, 3.5, x, a.Min.Y+4)
			default:
				a.Marker(dot, l.Color, 3.2, x, a.Y(ratio))
			}
		}
	}
}

// interimBar is the estimate of an interim analysis, behind the rounds that it has seen.
func interimBar(i ab.Interim, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		x, sty := a.X(float64(i.Pairs)+0.5), chart.Stroke(p.Ink, 1.6)
		low, high := a.Min.Y, a.Max.Y
		if i.Low > 0 {
			low = max(a.Y(i.Low), low)
			a.StrokeLine2(sty, x-3, low, x+3, low)
		} else {
			a.Marker(chart.Inverted, p.Ink, 3, x, low+3)
		}
		if math.IsInf(i.High, 1) {
			a.Marker(chart.Triangle, p.Ink, 3, x, high-3)
		} else {
			high = min(a.Y(i.High), high)
			a.StrokeLine2(sty, x-3, high, x+3, high)
		}
		a.StrokeLine2(sty, x, low, x, high)
		a.Marker(chart.Square, p.Ink, 3, x, a.Y(i.Ratio))
	}
}

// changeTicks labels ratios as changes in percent.
func changeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, percent := range chart.RoundSteps(100*(low-1), 100*(high-1), 6) {
		sign := ""
		switch {
		case percent > 0:
			sign = "+"
		case percent < 0:
			sign = "−"
		}
		ticks = append(ticks, plot.Tick{Value: 1 + percent/100, Label: sign + chart.Plain(math.Abs(percent)) + " %"})
	}
	return ticks
}

// roundTicks labels whole rounds up to the last.
func roundTicks(last float64) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		whole := func(v float64) bool { return v == math.Trunc(v) }
		steps := chart.RoundSteps(low, min(high, last), 16)
		return chart.Ticks(slices.DeleteFunc(steps, func(v float64) bool { return !whole(v) }), chart.Plain)
	}
}
