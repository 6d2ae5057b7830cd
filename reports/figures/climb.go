package figures

import (
	"fmt"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/stats"

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
	floor   *stats.Floor
	tickAt  []float64 // every load that was tried
	breaks  bool
	perfect bool // draw the line on which the result is the load
}

// ascent is one target's line.
type ascent struct {
	label  string
	look   look
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

func drawClimb(c draw.Canvas, p Palette, cl climb) {
	c = draw.Crop(cl.legend(p).draw(c, p), titleWidth, -6, 0, 0)
	upper, lower := newPanel(p), newPanel(p)
	x, y := cl.spans()
	for _, panel := range []*plot.Plot{upper, lower} {
		logAxis(&panel.X, x, 1, 1)
		panel.X.Tick.Marker = loads(cl.tickAt)
	}
	lower.X.Label.Text = cl.load
	upper.X.Tick.Marker = blank{upper.X.Tick.Marker}
	upper.X.Tick.Label.Font.Size = 1
	upper.Y.Min, upper.Y.Max = 0, cl.top()
	logAxis(&lower.Y, y, 140, 26)
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

func (cl climb) legend(p Palette) legend {
	var l legend
	for _, a := range cl.lines {
		l = append(l, entry{text: a.label, color: a.look.color, line: 2, marker: &marker{shape: a.look.shape}})
	}
	l = append(l, entry{text: "p50", color: p.Ink, line: 1.6}, entry{text: "p99", color: p.Ink, line: 1.2, dash: []vg.Length{4, 3}})
	if cl.breaks {
		l = append(l, entry{text: "broke", color: p.Alarm, marker: &marker{star, false}})
	}
	if cl.perfect {
		l = append(l, entry{text: "as much as was due", color: p.Muted, line: 0.8})
	}
	_, y := cl.spans()
	return append(l, floorEntry(p, cl.floor, y.low)...)
}

// spans are the ranges of the loads and of the response times.
func (cl climb) spans() (x, y span) {
	for _, a := range cl.lines {
		for _, f := range a.points {
			x.add(f.load)
			y.add(f.p50)
			y.add(f.p99)
		}
	}
	return x.padded(1.5), y.padded(2)
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

func (cl climb) add(upper, lower *plot.Plot, a ascent, p Palette) {
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
				LineStyle: draw.LineStyle{Color: a.look.color, Width: 1}})
		}
	}
	if cl.perfect {
		upper.Add(&plotter.Line{XYs: cl.diagonal(a), LineStyle: draw.LineStyle{Color: p.Muted, Width: 0.8}})
	}
	solid := draw.LineStyle{Color: a.look.color, Width: 1.6}
	dashed := draw.LineStyle{Color: a.look.color, Width: 1.2, Dashes: []vg.Length{4, 3}}
	upper.Add(&plotter.Line{XYs: result, LineStyle: solid}, dots{result, marker{shape: a.look.shape}, a.look.color, 3},
		dots{broke, marker{star, false}, p.Alarm, 5})
	lower.Add(&plotter.Line{XYs: median, LineStyle: solid}, dots{median, marker{shape: a.look.shape}, a.look.color, 3},
		&plotter.Line{XYs: tail, LineStyle: dashed}, dots{tail, marker{a.look.shape, true}, a.look.color, 3})
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
			ticks = append(ticks, plot.Tick{Value: v, Label: plain(v)})
		}
	}
	return ticks
}

// footholdOf takes over the quantiles that are known.
func footholdOf(load, result float64, d stat.Distribution) foothold {
	f := foothold{load: load, result: result}
	if q := d.Quantiles[0]; q.Known {
		f.p50 = milliseconds(int64(q.Value))
	}
	if q := d.Quantiles[2]; q.Known {
		f.p99 = milliseconds(int64(q.Value))
	}
	return f
}

// knownTime writes a response time, or that there are too few.
func knownTime(q stat.Quantile) string {
	if !q.Known {
		return "n too small"
	}
	return format.Number(milliseconds(int64(q.Value)))
}

func inRounds(n, of int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %s", n, plural(of, "round"))
}
