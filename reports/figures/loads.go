package figures

import (
	"cmp"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document"
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// saturated draws how many answers per second each target gives at which
// concurrency.
func saturated(a *analysis.Analysis) Figure {
	lp := loadPlot{load: "concurrency", result: "answers per second"}
	looks := looksOf(a.Run)
	for _, s := range a.Saturated {
		line := loadLine{name: nameOf(a, s.Target), look: looks[s.Target]}
		for _, p := range s.Points {
			pt := newLoadPoint(float64(p.Concurrency), p.Rate, p.Row.Response)
			pt.low, pt.high = p.Low, p.High
			line.points = append(line.points, pt)
			lp.floor = higherFloor(lp.floor, p.Row.Floor)
		}
		lp.lines = append(lp.lines, line)
	}
	return newFigure(a, "saturation", document.Drawn{Floor: lp.floor}).Shows(loadPlotHeight, nil, lp.draw)
}

// stressed draws what came of each step of a phase.
func stressed(v view) Figure {
	f := v.figure("steps", 0)
	lp := loadPlot{load: "requests due per second", result: "answered per second", floor: v.floor, perfect: true}
	steps := false
	for _, s := range v.series {
		line := loadLine{name: s.Name, look: s.Look}
		for _, stepped := range v.analysis.Stepped {
			if stepped.Target != s.row.Target || stepped.Phase != v.phase.Name {
				continue
			}
			for _, st := range stepped.Steps {
				pt := newLoadPoint(st.Rate, st.Answered, st.Response)
				pt.broke, steps = st.Broke > 0, true
				line.points = append(line.points, pt)
			}
		}
		// A load that rises and falls again comes to some rates twice.
		slices.SortStableFunc(line.points, func(a, b loadPoint) int { return cmp.Compare(a.load, b.load) })
		lp.lines = append(lp.lines, line)
	}
	if !steps {
		return f
	}
	return f.Shows(loadPlotHeight, nil, lp.draw)
}

// loadPlot is a figure of ever more load: what came of it above, the response time
// below, one line for each target.
type loadPlot struct {
	load    string // what the x axis shows
	result  string // what the upper panel shows
	lines   []loadLine
	floor   *sample.Floor
	perfect bool // draw the line on which the result is the load
}

// loadLine is one target's line.
type loadLine struct {
	name   string
	look   chart.Look
	points []loadPoint
}

// loadPoint is what came of one load.
type loadPoint struct {
	load, result float64
	low, high    float64 // of the result; equal: no interval
	p50, p99     float64 // milliseconds; 0: not known
	broke        bool
}

// newLoadPoint takes over the quantiles that are known.
func newLoadPoint(load, result float64, d stat.Distribution) loadPoint {
	known := func(q stat.Quantile) float64 {
		if !q.Known {
			return 0
		}
		return chart.Milliseconds(q.Value)
	}
	return loadPoint{load: load, result: result, p50: known(d.Quantiles[0]), p99: known(d.Quantiles[2])}
}

const loadPlotHeight vg.Length = 400

func (lp loadPlot) draw(c draw.Canvas, p chart.Palette) {
	loads, x, y, top := lp.ranges()
	c = chart.Inset(lp.legend(p, y).Draw(c, p))
	upper, lower := chart.NewPanel(p), chart.NewPanel(p)
	for _, panel := range []*plot.Plot{upper, lower} {
		chart.LogAxis(&panel.X, x, 1, 1)
		panel.X.Tick.Marker = loadTicks(loads)
	}
	lower.X.Label.Text = lp.load
	chart.HideLabels(&upper.X)
	upper.Y.Min, upper.Y.Max = 0, top
	chart.LogAxis(&lower.Y, y, 140, 26)
	lower.Add(floorBand(p, lp.floor, false))
	for _, l := range lp.lines {
		lp.add(upper, lower, l, p)
	}
	chart.Grid{
		Panels: [][]*plot.Plot{{upper}, {lower}}, Titles: []string{lp.result, "response time, ms"}, Top: 4, PadY: 12,
	}.Draw(c, p)
}

func (lp loadPlot) legend(p chart.Palette, y chart.Span) chart.Legend {
	var l chart.Legend
	broke := false
	for _, one := range lp.lines {
		l = append(l, targetEntry(one.name, one.look))
		broke = broke || slices.ContainsFunc(one.points, func(pt loadPoint) bool { return pt.broke })
	}
	mark := lp.lines[0].look.Marker
	l = append(l, chart.Entry{Text: "p50", Color: p.Ink, Line: 1.6, Marker: mark}, chart.Entry{Text: "p99", Color: p.Ink, Line: 1.2, Dash: chart.Dashed(), Marker: mark.Hollow()})
	if broke {
		l = append(l, chart.Entry{Text: "broke", Color: p.Alarm, Marker: chart.Star})
	}
	if lp.perfect {
		l = append(l, chart.Entry{Text: "as much as was due", Color: p.Muted, Line: 0.8})
	}
	return append(l, floorEntry(p, lp.floor, y.Low, bandTop)...)
}

// ranges are every load that was tried, the spans of the loads and of the response
// times, and the end of the upper axis.
func (lp loadPlot) ranges() (loads []float64, x, y chart.Span, top float64) {
	top = 1e-9
	for _, l := range lp.lines {
		for _, pt := range l.points {
			loads = append(loads, pt.load)
			x.Add(pt.load)
			y.Add(pt.p50, pt.p99)
			top = max(top, pt.result, pt.high)
		}
	}
	slices.Sort(loads)
	return slices.Compact(loads), x.Padded(1.5), y.Padded(2), top * 1.08
}

func (lp loadPlot) add(upper, lower *plot.Plot, l loadLine, p chart.Palette) {
	var due, result, median, tail, broke plotter.XYs
	for _, pt := range l.points {
		due = append(due, plotter.XY{X: pt.load, Y: pt.load})
		result = append(result, plotter.XY{X: pt.load, Y: pt.result})
		if pt.p50 > 0 {
			median = append(median, plotter.XY{X: pt.load, Y: pt.p50})
		}
		if pt.p99 > 0 {
			tail = append(tail, plotter.XY{X: pt.load, Y: pt.p99})
		}
		if pt.broke {
			broke = append(broke, plotter.XY{X: pt.load, Y: pt.result})
		}
		if pt.high > pt.low {
			upper.Add(chart.Line(plotter.XYs{{X: pt.load, Y: pt.low}, {X: pt.load, Y: pt.high}}, chart.Stroke(l.look.Color, 1)))
		}
	}
	if lp.perfect {
		upper.Add(chart.Line(due, chart.Stroke(p.Muted, 0.8)))
	}
	line, dots := chart.Stroke(l.look.Color, 1.6), l.look.Marker
	upper.Add(chart.Line(result, line), chart.Dots(result, dots, l.look.Color, 3), chart.Dots(broke, chart.Star, p.Alarm, 5))
	lower.Add(chart.Line(median, line), chart.Dots(median, dots, l.look.Color, 3),
		chart.Line(tail, chart.Stroke(l.look.Color, 1.2, chart.Dashed()...)), chart.Dots(tail, dots.Hollow(), l.look.Color, 3))
}

// loadTicks labels the loads that were tried, where they do not crowd.
func loadTicks(loads []float64) plot.TickerFunc {
	const most = 12
	skip := max((len(loads)+most-1)/most, 1)
	return func(_, _ float64) []plot.Tick {
		var shown []float64
		for i := 0; i < len(loads); i += skip {
			shown = append(shown, loads[i])
		}
		return chart.Ticks(shown, chart.Plain)
	}
}
