package figures

import (
	"fmt"
	"image/color"
	"math"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/document"
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
	f := Figure{
		Name:  "ab",
		Title: "Candidate against baseline, round by round",
		Caption: "Each point is one round: the candidate's figure divided by the baseline's, on a logarithmic scale; filled where the candidate " +
			"was played first. Bars are the estimate with its bounds at each interim analysis, an arrow a bound that does not exist. For times and CPU less " +
			"is better, for goodput more.",
		Conditions: document.ABMethod + ".",
	}
	metrics := drawable(a.AB)
	if len(metrics) == 0 {
		f.Missing = "no round has figures of both variants to compare"
		return f
	}
	f.Height = abLegend + 26
	for range metrics {
		f.Height += abPanel
	}
	f.Data = abTable(a, metrics)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawABTest(c, p, a, metrics) }
	return f
}

// drawable are the metrics that have pairs.
func drawable(d *ab.Result) []ab.Metric {
	var all []ab.Metric
	for _, m := range d.Metrics {
		if len(m.Pairs) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func abTable(a *analysis.Analysis, metrics []ab.Metric) Table {
	t := Table{Head: []string{"metric", "round", "played first", record.Baseline, record.Candidate, "change"}}
	for _, m := range metrics {
		name := metricName(a, m)
		for _, pair := range m.Pairs {
			first := record.Baseline
			if pair.CandidateFirst {
				first = record.Candidate
			}
			t.Rows = append(t.Rows, []string{name, fmt.Sprint(pair.Round), first,
				m.FormatFigure(pair.Baseline), m.FormatFigure(pair.Candidate), format.Change(pair.Candidate / pair.Baseline)})
		}
		for _, l := range m.Interims {
			m.Low, m.High = l.Low, l.High
			t.Rows = append(t.Rows, []string{name, fmt.Sprintf("interim analysis at round %d", l.Pairs), "–", "–", "–",
				format.Change(l.Ratio) + " " + m.Bounds()})
		}
	}
	return t
}

// metricName names a metric, with its phase where there are several.
func metricName(a *analysis.Analysis, m ab.Metric) string {
	if a.InPhase(m.Phase) == "" {
		return m.Name
	}
	return m.Name + ", phase " + label(m.Phase)
}

// abSpan is the range of a metric's axis: all that is drawn and has an end.
func abSpan(m ab.Metric, limits []float64) chart.Span {
	var s chart.Span
	s.Add(1)
	for _, limit := range limits {
		s.Add(limit)
	}
	for _, pair := range m.Pairs {
		s.Add(pair.Candidate / pair.Baseline)
	}
	for _, l := range m.Interims {
		s.Add(l.Ratio)
		s.Add(l.Low)
		s.Add(l.High)
	}
	return s.Padded(1.1)
}

// abLimits are the ratios of margin and tolerance: of a metric of which less is worse
// they lie below 1.
func abLimits(m ab.Metric, plan *record.ABTest) (margin, tolerance float64) {
	margin, tolerance = 1+plan.Margin, 1+plan.Tolerance
	if m.Less {
		return 1 / margin, 1 / tolerance
	}
	return margin, tolerance
}

// lastPair is the last round that a metric has a pair of, or an interim analysis.
func lastPair(metrics []ab.Metric) float64 {
	last := 1
	for _, m := range metrics {
		for _, pair := range m.Pairs {
			last = max(last, pair.Round)
		}
		for _, l := range m.Interims {
			last = max(last, l.Pairs)
		}
	}
	return float64(last)
}

// unanswered says that some pair has no ratio that could be drawn.
func unanswered(metrics []ab.Metric) bool {
	for _, m := range metrics {
		for _, pair := range m.Pairs {
			if ratio := pair.Candidate / pair.Baseline; !(ratio > 0) || math.IsInf(ratio, 0) {
				return true
			}
		}
	}
	return false
}

const (
	abLegend vg.Length = 22
	abPanel  vg.Length = 150
	abTitle  vg.Length = 16 // the room for a panel's own title
)

func drawABTest(c draw.Canvas, p chart.Palette, a *analysis.Analysis, metrics []ab.Metric) {
	l := looksOf(a.Run)[record.Candidate]
	c = abEntries(p, l, unanswered(metrics)).Draw(c, p)
	last := lastPair(metrics)
	height := (c.Max.Y - c.Min.Y - 26) / vg.Length(len(metrics))
	for i, m := range metrics {
		top := vg.Length(i) * height
		bottom := c.Max.Y - c.Min.Y - top - height
		lowest := i == len(metrics)-1
		if lowest {
			bottom = 0 // the names of the rounds are below it
		}
		drawPairs(draw.Crop(c, 0, 0, bottom, -top), p, a, m, l, last, lowest)
	}
}

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

// drawPairs draws the panel of one metric.
func drawPairs(c draw.Canvas, p chart.Palette, a *analysis.Analysis, m ab.Metric, l chart.Look, last float64, lowest bool) {
	title := chart.BoldFace(medium, p.Ink)
	c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, abHeading(a, m))
	c = draw.Crop(c, 0, 0, 0, -abTitle)
	margin, tolerance := abLimits(m, a.Run.AB)
	panel := chart.NewPanel(p)
	s := abSpan(m, []float64{margin, tolerance})
	chart.LogAxis(&panel.Y, s, 1, 1)
	panel.Y.Tick.Marker = changeTicks{}
	panel.Y.Label.Text = "change"
	panel.X.Min, panel.X.Max = 0.4, last+1.1
	panel.X.Tick.Marker = blank{roundTicks(last)}
	if lowest {
		panel.X.Tick.Marker = roundTicks(last)
		panel.X.Label.Text = "round, in the order of play"
	}
	panel.Add(
		level(1, p.Ink),
		level(margin, p.Alarm, 5, 3),
		level(tolerance, p.Alarm, 1, 3),
		pairPoints{m.Pairs, l, p})
	for _, at := range m.Interims {
		panel.Add(interimBar{at, p})
	}
	panel.Draw(c)
}

// abHeading says what became of a metric: "p50: FAIL, +19.1 % [+16.9, +20.7] %".
func abHeading(a *analysis.Analysis, m ab.Metric) string {
	text := metricName(a, m) + ": " + string(m.Verdict) + ", " + format.Change(m.Ratio)
	if bounds := m.Bounds(); bounds != "" {
		text += " " + bounds
	}
	return text
}

// level is a horizontal line.
func level(y float64, c color.Color, dashes ...vg.Length) plot.Plotter {
	sty := draw.LineStyle{Color: c, Width: 1, Dashes: dashes}
	return chart.PlotFunc(func(c draw.Canvas, panel *plot.Plot) {
		_, toY := panel.Transforms(&c)
		c.StrokeLine2(sty, c.Min.X, toY(y), c.Max.X, toY(y))
	})
}

// pairPoints are the rounds of a metric. Where a variant has no answer, a mark at the
// edge stands for it.
type pairPoints struct {
	pairs   []ab.Pair
	look    chart.Look
	palette chart.Palette
}

// Plot implements plot.Plotter.
func (pp pairPoints) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	for _, pair := range pp.pairs {
		x, ratio := toX(float64(pair.Round)), pair.Candidate/pair.Baseline
		dot := chart.Circle.Hollow()
		if pair.CandidateFirst {
			dot = chart.Circle
		}
		switch {
		case math.IsInf(ratio, 0):
			c.DrawGlyphNoClip(chart.Glyph(chart.Triangle, pp.palette.Alarm, 3.5), vg.Point{X: x, Y: c.Max.Y - 4})
		case !(ratio > 0):
			c.DrawGlyphNoClip(chart.Glyph(chart.Inverted, pp.palette.Alarm, 3.5), vg.Point{X: x, Y: c.Min.Y + 4})
		default:
			c.DrawGlyphNoClip(chart.Glyph(dot, pp.look.Color, 3.2), vg.Point{X: x, Y: toY(ratio)})
		}
	}
}

// interimBar is the estimate of an interim analysis, behind the rounds that it has seen.
type interimBar struct {
	ab.Interim
	palette chart.Palette
}

// Plot implements plot.Plotter.
func (b interimBar) Plot(c draw.Canvas, panel *plot.Plot) {
	if !(b.Ratio > 0) || math.IsInf(b.Ratio, 0) {
		return
	}
	toX, toY := panel.Transforms(&c)
	x, y := toX(float64(b.Pairs)+0.5), toY(b.Ratio)
	low, high := c.Min.Y, c.Max.Y
	sty := draw.LineStyle{Color: b.palette.Ink, Width: 1.6}
	if b.Low > 0 {
		low = max(toY(b.Low), c.Min.Y)
		c.StrokeLine2(sty, x-3, low, x+3, low)
	} else {
		c.DrawGlyphNoClip(chart.Glyph(chart.Inverted, b.palette.Ink, 3), vg.Point{X: x, Y: low + 3})
	}
	if math.IsInf(b.High, 1) {
		c.DrawGlyphNoClip(chart.Glyph(chart.Triangle, b.palette.Ink, 3), vg.Point{X: x, Y: high - 3})
	} else {
		high = min(toY(b.High), c.Max.Y)
		c.StrokeLine2(sty, x-3, high, x+3, high)
	}
	c.StrokeLine2(sty, x, low, x, high)
	c.DrawGlyphNoClip(chart.Glyph(chart.Square, b.palette.Ink, 3), vg.Point{X: x, Y: y})
}

// changeTicks labels ratios as changes in percent.
type changeTicks struct{}

// Ticks implements plot.Ticker.
func (changeTicks) Ticks(low, high float64) []plot.Tick {
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
type roundTicks float64

// Ticks implements plot.Ticker.
func (last roundTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, v := range chart.RoundSteps(low, min(high, float64(last)), 16) {
		if v == math.Trunc(v) {
			ticks = append(ticks, plot.Tick{Value: v, Label: chart.Plain(v)})
		}
	}
	return ticks
}
