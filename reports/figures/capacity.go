package figures

import (
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// searched draws the latency of each target against its goodput, with the rate that is
// certified.
func searched(a *analysis.Analysis) Figure {
	f, cp := newFigure(a, "capacity", document.Drawn{}), capacityPlot{}
	looks := looksOf(a.Run)
	for _, s := range a.Capacity {
		line := capacityLine{Searched: s, name: nameOf(a, s.Target), look: looks[s.Target]}
		for _, l := range s.Curve.Levels {
			if l.Latency > 0 {
				line.drawn = append(line.drawn, l)
				cp.latency.Add(chart.Milliseconds(l.Latency))
			}
			cp.most = max(cp.most, l.Goodput)
		}
		if s.Certified > 0 {
			cp.most = max(cp.most, s.Breaks)
		}
		cp.limit, cp.quantile = chart.Milliseconds(s.Curve.Limit), format.Quantile(s.Curve.Quantile)
		cp.lines = append(cp.lines, line)
	}
	if cp.latency.Empty() {
		return f
	}
	if cp.limit > 0 {
		cp.latency.Add(cp.limit)
	}
	return f.Shows(capacityPlotHeight, nil, cp.draw)
}

const capacityPlotHeight vg.Length = 340

// capacityPlot is a figure of latency against goodput.
type capacityPlot struct {
	lines    []capacityLine
	latency  chart.Span // milliseconds
	most     float64    // of the rates
	limit    float64    // of the SLO, in milliseconds; 0: none
	quantile string
}

// capacityLine is one target's curve.
type capacityLine struct {
	capacity.Searched
	name  string
	look  chart.Look
	drawn []capacity.Level // those with a latency
}

func (cp capacityPlot) draw(c draw.Canvas, p chart.Palette) {
	c = chart.Inset(cp.legend(p).Draw(c, p))
	panel := chart.NewPanel(p)
	panel.X.Min, panel.X.Max = 0, max(cp.most, 1e-9)*1.06
	panel.X.Tick.Marker = chart.LinearTicks(10)
	panel.X.Label.Text = "goodput, correct answers per second within the SLO"
	chart.LogAxis(&panel.Y, cp.latency.Padded(2), 260, 26)
	if cp.limit > 0 {
		panel.Add(chart.Level(cp.limit, chart.Stroke(p.Alarm, 1, chart.Dashed()...)))
	}
	for _, l := range cp.lines {
		panel.Add(l.curve(), l.points())
	}
	for _, l := range cp.lines { // above all curves
		panel.Add(l.certified())
	}
	chart.Single(panel, cp.quantile+" of the response time, ms").Draw(c, p)
}

func (cp capacityPlot) legend(p chart.Palette) chart.Legend {
	var l chart.Legend
	has := func(is func(capacity.Level) bool) bool {
		return slices.ContainsFunc(cp.lines, func(one capacityLine) bool { return slices.ContainsFunc(one.drawn, is) })
	}
	for _, one := range cp.lines {
		l = append(l, targetEntry(one.name, one.look))
	}
	if slices.ContainsFunc(cp.lines, func(one capacityLine) bool { return one.Certified > 0 }) {
		l = append(l, chart.Entry{Text: "certified, to where it breaks", Color: p.Ink, Line: 2.4})
	}
	l = append(l, chart.Entry{Text: "knee", Color: p.Ink, Marker: chart.Diamond.Hollow()})
	if has(func(l capacity.Level) bool { return l.Ended }) {
		l = append(l, chart.Entry{Text: "ended early", Color: p.Ink, Marker: chart.Star})
	}
	if cp.limit > 0 {
		l = append(l, chart.Entry{Text: "limit of the " + cp.quantile, Color: p.Alarm, Line: 1, Dash: chart.Dashed()})
	}
	return l
}

func (l capacityLine) at(level capacity.Level) plotter.XY {
	return plotter.XY{X: level.Goodput, Y: chart.Milliseconds(level.Latency)}
}

// curve joins the rates up to the first whose load was ended: from there on, latency tells
// how long the load lasted.
func (l capacityLine) curve() chart.Mark {
	return func(a chart.Area) {
		var line []vg.Point
		for _, level := range l.drawn {
			if level.Ended {
				break
			}
			at := l.at(level)
			line = append(line, vg.Point{X: a.X(at.X), Y: a.Y(at.Y)})
		}
		a.StrokeLines(chart.Stroke(l.look.Color, 1.4), line)
	}
}

// points are the rates, and the knee.
func (l capacityLine) points() chart.Mark {
	knee, bent := l.Curve.Knee()
	return func(a chart.Area) {
		for _, level := range l.drawn {
			at := l.at(level)
			x, y := a.X(at.X), a.Y(at.Y)
			switch {
			case level.Ended:
				a.Marker(chart.Star, l.look.Color, 5, x, y)
			case level.Rough:
				a.Marker(l.look.Marker.Hollow(), l.look.Color, 3, x, y)
			default:
				a.Marker(l.look.Marker, l.look.Color, 3, x, y)
			}
			if bent && level.Rate == knee.Rate {
				a.Marker(chart.Diamond.Hollow(), l.look.Color, 7, x, y)
			}
		}
	}
}

// certified is the rate that is certified, with a bar to the lowest that breaks the SLO.
func (l capacityLine) certified() chart.Mark {
	level, played := l.Curve.At(l.Certified)
	return func(a chart.Area) {
		if l.Certified == 0 || !played || level.Latency == 0 {
			return
		}
		y := a.Y(chart.Milliseconds(level.Latency))
		if l.Breaks > l.Certified {
			a.ErrorBar(chart.Stroke(l.look.Color, 2.4), a.X(l.Certified), a.X(l.Breaks), y)
		}
		a.Marker(l.look.Marker, l.look.Color, 6, a.X(l.Certified), y)
	}
}
