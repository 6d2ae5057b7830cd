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

// climb is a figure of ever more load: what came of it above, the response time
// below, one line for each target.
type climb struct {
	load    string   // what the x axis shows
	result  string   // what the upper panel shows
	lines   []ascent // one per target
	floor   *sample.Floor
	tickAt  []float64 // every load that was tried
	breaks  bool
	perfect bool // draw the line on which the result is the load
}

// ascent is one target's line.
type ascent struct {
	label  string
	look   chart.Look
	points []foothold
}

// foothold is what came of one load.
type foothold struct {
	load, result float64
	low, high    float64 // of the result; equal: no interval
	p50, p99     float64 // milliseconds; 0: not known
	broke        bool
}

const climbHeight vg.Length = 400

func drawClimb(c draw.Canvas, p chart.Palette, cl climb) {
	c = draw.Crop(cl.legend(p).Draw(c, p), titleWidth, -6, 0, 0)
	upper, lower := chart.NewPanel(p), chart.NewPanel(p)
	x, y := cl.spans()
	for _, panel := range []*plot.Plot{upper, lower} {
		chart.LogAxis(&panel.X, x, 1, 1)
		panel.X.Tick.Marker = loads(cl.tickAt)
	}
	lower.X.Label.Text = cl.load
	hideLabels(&upper.X)
	upper.Y.Min, upper.Y.Max = 0, cl.top()
	chart.LogAxis(&lower.Y, y, 140, 26)
	lower.Add(newFloorBand(p, cl.floor, false))
	for _, a := range cl.lines {
		cl.add(upper, lower, a, p)
	}
	plots := [][]*plot.Plot{{upper}, {lower}}
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: 12, PadTop: 4}
	for i, row := range plot.Align(plots, tiles, c) {
		plots[i][0].Draw(row[0])
		sideTitle(plots[i][0].DataCanvas(row[0]), p, c.Min.X, []string{cl.result, "response time, ms"}[i])
	}
}

func (cl climb) legend(p chart.Palette) chart.Legend {
	var l chart.Legend
	for _, a := range cl.lines {
		l = append(l, chart.Entry{Text: a.label, Color: a.look.Color, Line: 2, Marker: a.look.Marker})
	}
	l = append(l, chart.Entry{Text: "p50", Color: p.Ink, Line: 1.6}, chart.Entry{Text: "p99", Color: p.Ink, Line: 1.2, Dash: []vg.Length{4, 3}})
	if cl.breaks {
		l = append(l, chart.Entry{Text: "broke", Color: p.Alarm, Marker: chart.Star})
	}
	if cl.perfect {
		l = append(l, chart.Entry{Text: "as much as was due", Color: p.Muted, Line: 0.8})
	}
	_, y := cl.spans()
	return append(l, floorEntry(p, cl.floor, y.Low)...)
}

// spans are the ranges of the loads and of the response times.
func (cl climb) spans() (x, y chart.Span) {
	for _, a := range cl.lines {
		for _, f := range a.points {
			x.Add(f.load)
			y.Add(f.p50)
			y.Add(f.p99)
		}
	}
	return x.Padded(1.5), y.Padded(2)
}

// top is the end of the upper axis.
func (cl climb) top() float64 {
	highest := 1e-9
	for _, a := range cl.lines {
		for _, f := range a.points {
			highest = max(highest, f.result, f.high)
		}
	}
	return highest * 1.08
}

func (cl climb) add(upper, lower *plot.Plot, a ascent, p chart.Palette) {
	var result, median, tail, broke plotter.XYs
	for _, f := range a.points {
		result = append(result, plotter.XY{X: f.load, Y: f.result})
		if f.p50 > 0 {
			median = append(median, plotter.XY{X: f.load, Y: f.p50})
		}
		if f.p99 > 0 {
			tail = append(tail, plotter.XY{X: f.load, Y: f.p99})
		}
		if f.broke {
			broke = append(broke, plotter.XY{X: f.load, Y: f.result})
		}
		if f.high > f.low {
			upper.Add(&plotter.Line{XYs: plotter.XYs{{X: f.load, Y: f.low}, {X: f.load, Y: f.high}},
				LineStyle: draw.LineStyle{Color: a.look.Color, Width: 1}})
		}
	}
	if cl.perfect {
		upper.Add(&plotter.Line{XYs: cl.diagonal(a), LineStyle: draw.LineStyle{Color: p.Muted, Width: 0.8}})
	}
	solid := draw.LineStyle{Color: a.look.Color, Width: 1.6}
	dashed := draw.LineStyle{Color: a.look.Color, Width: 1.2, Dashes: []vg.Length{4, 3}}
	upper.Add(&plotter.Line{XYs: result, LineStyle: solid}, chart.Dots(result, a.look.Marker, a.look.Color, 3),
		chart.Dots(broke, chart.Star, p.Alarm, 5))
	lower.Add(&plotter.Line{XYs: median, LineStyle: solid}, chart.Dots(median, a.look.Marker, a.look.Color, 3),
		&plotter.Line{XYs: tail, LineStyle: dashed}, chart.Dots(tail, a.look.Marker.Hollow(), a.look.Color, 3))
}

// diagonal is the line on which the result is the load.
func (cl climb) diagonal(a ascent) plotter.XYs {
	var line plotter.XYs
	for _, f := range a.points {
		line = append(line, plotter.XY{X: f.load, Y: f.load})
	}
	return line
}

// loads labels the loads that were tried, where they do not crowd.
type loads []float64

// Ticks implements plot.Ticker.
func (l loads) Ticks(low, high float64) []plot.Tick {
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

// footholdOf takes over the quantiles that are known.
func footholdOf(load, result float64, d stat.Distribution) foothold {
	f := foothold{load: load, result: result}
	if q := d.Quantiles[0]; q.Known {
		f.p50 = chart.Milliseconds(q.Value)
	}
	if q := d.Quantiles[2]; q.Known {
		f.p99 = chart.Milliseconds(q.Value)
	}
	return f
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
	return fmt.Sprintf("%d of %s", n, plural(of, "round"))
}

// saturated draws how many answers per second each target gives at which
// concurrency.
func saturated(a *analysis.Analysis) Figure {
	cl := climb{load: "concurrency", result: "answers per second", floor: highestFloor(a)}
	f := Figure{
		Name:  "saturation",
		Title: "Throughput at most",
		Caption: "Above: right answers per second over the concurrency: how many workers there are, each of which waits for its answer; strokes are 95 % intervals. " +
			"Below: their response time, p50 solid, p99 dashed where there are enough answers: it is that of workers that wait, not of users who do not." +
			floorCaptionOf(cl.floor),
		Conditions: "Closed loop. " + warmUp(a.Run) + " Throughput: " + document.SaturationMethod + ".",
		Height:     climbHeight,
		Data:       Table{Head: []string{"target", "phase", "concurrency", "answers/s", "95 % interval", "p50, ms", "p99, ms", "rounds"}},
	}
	looks := looksOf(a.Run)
	for _, s := range a.Saturated {
		line := ascent{label: nameOf(a, s.Target), look: looks[s.Target]}
		for _, p := range s.Points {
			hold := footholdOf(float64(p.Concurrency), p.Rate, p.Row.Response)
			hold.low, hold.high = p.Low, p.High
			line.points = append(line.points, hold)
			if !slices.Contains(cl.tickAt, hold.load) {
				cl.tickAt = append(cl.tickAt, hold.load)
			}
			interval := "–"
			if p.HasInterval {
				interval = strings.Trim(format.Interval(p.Low, p.High), "[]")
			}
			f.Data.Rows = append(f.Data.Rows, []string{line.label, label(p.Phase), format.Count(int64(p.Concurrency)), format.RateNumber(p.Rate), interval,
				knownTime(p.Row.Response.Quantiles[0]), knownTime(p.Row.Response.Quantiles[2]), format.Count(int64(p.Rounds))})
		}
		cl.lines = append(cl.lines, line)
	}
	slices.Sort(cl.tickAt)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawClimb(c, p, cl) }
	return f
}

// highestFloor is that of all points.
func highestFloor(a *analysis.Analysis) *sample.Floor {
	var highest *sample.Floor
	for _, s := range a.Saturated {
		for _, p := range s.Points {
			if f := p.Row.Floor; f != nil && (highest == nil || f.Quantiles[0] > highest.Quantiles[0]) {
				highest = f
			}
		}
	}
	return highest
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
		Height:     climbHeight,
	}
	cl := climb{load: "requests due per second", result: "answered per second", floor: v.floor(), perfect: true}
	f.Data = Table{Head: []string{"target", "step, /s", "sent/s", "answered/s", "failed or censored", "p50, ms", "p99, ms", "n", "broke"}}
	for _, s := range v.series {
		a := ascent{label: s.label, look: s.look}
		for _, st := range v.stepsOf(s) {
			hold := footholdOf(st.Rate, st.Answered, st.Response)
			hold.broke = st.Broke > 0
			cl.breaks = cl.breaks || hold.broke
			a.points = append(a.points, hold)
			if !slices.Contains(cl.tickAt, st.Rate) {
				cl.tickAt = append(cl.tickAt, st.Rate)
			}
			f.Data.Rows = append(f.Data.Rows, []string{s.label, chart.Plain(st.Rate), format.RateNumber(st.Sent), format.RateNumber(st.Answered),
				format.Percent(st.ErrorRate().Value), knownTime(st.Response.Quantiles[0]), knownTime(st.Response.Quantiles[2]),
				format.Count(st.Ledger.Sent), inRounds(st.Broke, st.Rounds)})
		}
		cl.lines = append(cl.lines, a)
	}
	if len(f.Data.Rows) == 0 {
		f.Missing = "no step was begun"
		return f, true
	}
	slices.Sort(cl.tickAt)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawClimb(c, p, cl) }
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
