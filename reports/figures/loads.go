package figures

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
	label  string
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

const loadPlotHeight vg.Length = 400

func (lp loadPlot) draw(c draw.Canvas, p chart.Palette) {
	loads, x, y, top := lp.ranges()
	c = draw.Crop(lp.legend(p, y).Draw(c, p), titleWidth, -6, 0, 0)
	upper, lower := chart.NewPanel(p), chart.NewPanel(p)
	for _, panel := range []*plot.Plot{upper, lower} {
		chart.LogAxis(&panel.X, x, 1, 1)
		panel.X.Tick.Marker = loadTicks(loads)
	}
	lower.X.Label.Text = lp.load
	hideLabels(&upper.X)
	upper.Y.Min, upper.Y.Max = 0, top
	chart.LogAxis(&lower.Y, y, 140, 26)
	lower.Add(newFloorBand(p, lp.floor, false))
	for _, l := range lp.lines {
		lp.add(upper, lower, l, p)
	}
	plots := [][]*plot.Plot{{upper}, {lower}}
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: 12, PadTop: 4}
	for i, row := range plot.Align(plots, tiles, c) {
		plots[i][0].Draw(row[0])
		sideTitle(plots[i][0].DataCanvas(row[0]), p, c.Min.X, []string{lp.result, "response time, ms"}[i])
	}
}

func (lp loadPlot) legend(p chart.Palette, y chart.Span) chart.Legend {
	var l chart.Legend
	broke := false
	for _, one := range lp.lines {
		l = append(l, targetEntry(one.label, one.look))
		broke = broke || slices.ContainsFunc(one.points, func(pt loadPoint) bool { return pt.broke })
	}
	l = append(l, chart.Entry{Text: "p50", Color: p.Ink, Line: 1.6}, chart.Entry{Text: "p99", Color: p.Ink, Line: 1.2, Dash: []vg.Length{4, 3}})
	if broke {
		l = append(l, chart.Entry{Text: "broke", Color: p.Alarm, Marker: chart.Star})
	}
	if lp.perfect {
		l = append(l, chart.Entry{Text: "as much as was due", Color: p.Muted, Line: 0.8})
	}
	return append(l, floorEntry(p, lp.floor, y.Low)...)
}

// ranges are every load that was tried, the spans of the loads and of the response
// times, and the end of the upper axis.
func (lp loadPlot) ranges() (loads []float64, x, y chart.Span, top float64) {
	top = 1e-9
	for _, l := range lp.lines {
		for _, pt := range l.points {
			loads = append(loads, pt.load)
			x.Add(pt.load)
			y.Add(pt.p50)
			y.Add(pt.p99)
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
			upper.Add(&plotter.Line{XYs: plotter.XYs{{X: pt.load, Y: pt.low}, {X: pt.load, Y: pt.high}},
				LineStyle: draw.LineStyle{Color: l.look.Color, Width: 1}})
		}
	}
	if lp.perfect {
		upper.Add(&plotter.Line{XYs: due, LineStyle: draw.LineStyle{Color: p.Muted, Width: 0.8}})
	}
	solid := draw.LineStyle{Color: l.look.Color, Width: 1.6}
	dashed := draw.LineStyle{Color: l.look.Color, Width: 1.2, Dashes: []vg.Length{4, 3}}
	upper.Add(&plotter.Line{XYs: result, LineStyle: solid}, chart.Dots(result, l.look.Marker, l.look.Color, 3),
		chart.Dots(broke, chart.Star, p.Alarm, 5))
	lower.Add(&plotter.Line{XYs: median, LineStyle: solid}, chart.Dots(median, l.look.Marker, l.look.Color, 3),
		&plotter.Line{XYs: tail, LineStyle: dashed}, chart.Dots(tail, l.look.Marker.Hollow(), l.look.Color, 3))
}

// loadTicks labels the loads that were tried, where they do not crowd.
type loadTicks []float64

// Ticks implements plot.Ticker.
func (l loadTicks) Ticks(low, high float64) []plot.Tick {
	const most = 12
	skip := (len(l) + most - 1) / most
	var ticks []plot.Tick
	for i, v := range l {
		if i%max(skip, 1) == 0 {
			ticks = append(ticks, plot.Tick{Value: v, Label: chart.Plain(v)})
		}
	}
	return ticks
}

// newLoadPoint takes over the quantiles that are known.
func newLoadPoint(load, result float64, d stat.Distribution) loadPoint {
	pt := loadPoint{load: load, result: result}
	if q := d.Quantiles[0]; q.Known {
		pt.p50 = chart.Milliseconds(q.Value)
	}
	if q := d.Quantiles[2]; q.Known {
		pt.p99 = chart.Milliseconds(q.Value)
	}
	return pt
}

// knownTime writes a response time, or that there are too few.
func knownTime(q stat.Quantile) string {
	if !q.Known {
		return "n too small"
	}
	return format.Number(chart.Milliseconds(q.Value))
}

func inRounds(n, of int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %s", n, format.Plural(of, "round"))
}

// saturated draws how many answers per second each target gives at which
// concurrency.
func saturated(a *analysis.Analysis) Figure {
	lp := loadPlot{load: "concurrency", result: "answers per second"}
	f := Figure{
		Name:  "saturation",
		Title: "Throughput at most",
		Caption: "Above: right answers per second over the concurrency: how many workers there are, each of which waits for its answer; strokes are 95 % intervals. " +
			"Below: their response time, p50 solid, p99 dashed where there are enough answers: it is that of workers that wait, not of users who do not.",
		Conditions: "Closed loop. " + warmUp(a.Run) + " Throughput: " + document.SaturationMethod + ".",
		Height:     loadPlotHeight,
		Data:       Table{Head: []string{"target", "phase", "concurrency", "answers/s", "95 % interval", "p50, ms", "p99, ms", "rounds"}},
	}
	looks := looksOf(a.Run)
	for _, s := range a.Saturated {
		line := loadLine{label: nameOf(a, s.Target), look: looks[s.Target]}
		for _, p := range s.Points {
			pt := newLoadPoint(float64(p.Concurrency), p.Rate, p.Row.Response)
			pt.low, pt.high = p.Low, p.High
			line.points = append(line.points, pt)
			lp.floor = higherFloor(lp.floor, p.Row.Floor)
			interval := "–"
			if p.HasInterval {
				interval = strings.Trim(format.Interval(p.Low, p.High), "[]")
			}
			f.Data.Rows = append(f.Data.Rows, []string{line.label, label(p.Phase), format.Count(int64(p.Concurrency)), format.RateNumber(p.Rate), interval,
				knownTime(p.Row.Response.Quantiles[0]), knownTime(p.Row.Response.Quantiles[2]), format.Count(int64(p.Rounds))})
		}
		lp.lines = append(lp.lines, line)
	}
	f.Caption += floorCaptionOf(lp.floor)
	f.paint = lp.draw
	return f
}

// stressed draws what came of each step of a phase; false for a phase without.
func stressed(v view) (Figure, bool) {
	if len(v.phase.Steps) == 0 {
		return Figure{}, false
	}
	f := Figure{
		Name:  v.name("steps"),
		Title: v.title("Where it broke"),
		Caption: "Above: right answers per second to the requests due in each step, those that came before 1 s after its end, over the rate that was due. Below: their response time, " +
			"p50 solid, p99 dashed where the step has enough answers. A star marks where a target broke: " + document.StepMethod() + "." + floorCaption(v),
		Conditions: v.conditions(),
		Height:     loadPlotHeight,
	}
	lp := loadPlot{load: "requests due per second", result: "answered per second", floor: v.floor(), perfect: true}
	f.Data = Table{Head: []string{"target", "step, /s", "sent/s", "answered/s", "failed or censored", "p50, ms", "p99, ms", "n", "broke"}}
	for _, s := range v.series {
		line := loadLine{label: s.label, look: s.look}
		for _, st := range v.stepsOf(s) {
			pt := newLoadPoint(st.Rate, st.Answered, st.Response)
			pt.broke = st.Broke > 0
			line.points = append(line.points, pt)
			f.Data.Rows = append(f.Data.Rows, []string{s.label, chart.Plain(st.Rate), format.RateNumber(st.Sent), format.RateNumber(st.Answered),
				format.Percent(st.ErrorRate().Value), knownTime(st.Response.Quantiles[0]), knownTime(st.Response.Quantiles[2]),
				format.Count(st.Ledger.Sent), inRounds(st.Broke, st.Rounds)})
		}
		lp.lines = append(lp.lines, line)
	}
	if len(f.Data.Rows) == 0 {
		f.Missing = "no step was begun"
		return f, true
	}
	f.paint = lp.draw
	return f, true
}

// stepsOf are the steps of one target in the view's phase.
func (v view) stepsOf(s series) []capacity.Step {
	for _, st := range v.analysis.Stepped {
		if st.Target == s.row.Target && st.Phase == v.phase.Name {
			return st.Steps
		}
	}
	return nil
}
