package figures

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sweep"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// swept draws the sizes of a sweep, a figure for each phase: their latency against their
// cost, and those of functions by their memory.
func swept(a *analysis.Analysis) []Figure {
	var all []Figure
	var phases []string
	for _, g := range a.Sizes {
		if !slices.Contains(phases, g.Phase) {
			phases = append(phases, g.Phase)
		}
	}
	for _, phase := range phases {
		groups := slices.DeleteFunc(slices.Clone(a.Sizes), func(g sweep.Group) bool { return g.Phase != phase })
		all = append(all, paretoFront(a, phase, groups))
		for _, g := range groups {
			if m := newMemoryPlot(a, g); m.sizes() > 1 {
				all = append(all, sizeFigure(a, "memory", phase).Shows(memoryPlotHeight, nil, m.draw))
			}
		}
	}
	return all
}

func sizeFigure(a *analysis.Analysis, name, phase string) Figure {
	f := newFigure(a, name, document.Drawn{Phase: phase})
	if phase != "" && a.Several() {
		f.Name += "-" + slug(phase)
	}
	return f
}

const (
	paretoHeight     vg.Length = 360
	memoryPlotHeight vg.Length = 380
)

// paretoFront draws latency against cost, with a panel for each basis of cost.
func paretoFront(a *analysis.Analysis, phase string, groups []sweep.Group) Figure {
	f := sizeFigure(a, "sizes", phase)
	groups = slices.DeleteFunc(groups, func(g sweep.Group) bool { return !slices.ContainsFunc(g.Points, g.Compared) })
	if len(groups) == 0 {
		return f
	}
	looks := looksOf(a.Run)
	return f.Shows(paretoHeight, nil, func(c draw.Canvas, p chart.Palette) {
		c = chart.Inset(paretoLegend(groups, looks, p).Draw(c, p))
		row, title := make([]*plot.Plot, len(groups)), ""
		for i, g := range groups {
			row[i] = paretoPanel(g, looks, p, (c.Max.X-c.Min.X)/vg.Length(len(groups)))
			if quantile := format.Quantile(g.Q); !strings.Contains(title, quantile) {
				title = strings.TrimPrefix(title+", "+quantile, ", ")
			}
		}
		chart.Grid{Panels: [][]*plot.Plot{row}, Titles: []string{title + " of the response time, ms"}, PadX: 16}.Draw(c, p)
	})
}

// lookOf is the look of all sizes of a target.
func lookOf(of string, looks map[string]chart.Look, g sweep.Group) chart.Look {
	if look, known := looks[of]; known {
		return look
	}
	for _, p := range g.Points {
		if p.Of == of {
			return looks[p.Target]
		}
	}
	return chart.Look{}
}

func paretoLegend(groups []sweep.Group, looks map[string]chart.Look, p chart.Palette) chart.Legend {
	var l chart.Legend
	var named []string
	for _, g := range groups {
		for _, point := range g.Points {
			if !slices.Contains(named, point.Of) {
				named = append(named, point.Of)
				look := lookOf(point.Of, looks, g)
				l = append(l, chart.Entry{Text: Label(point.Of), Color: look.Color, Marker: look.Marker})
			}
		}
	}
	return append(l, chart.Entry{Text: "best of its cost", Color: p.Ink, Line: 1.4}, chart.Entry{Text: "another size is better", Color: p.Ink, Marker: chart.Circle.Hollow()})
}

// paretoPanel is the sizes of a group.
func paretoPanel(g sweep.Group, looks map[string]chart.Look, p chart.Palette, width vg.Length) *plot.Plot {
	var cost, latency chart.Span
	for _, point := range g.Points {
		if !g.Compared(point) {
			continue
		}
		q, _ := g.Latency(point)
		cost.Add(point.Cost.Value)
		latency.Add(chart.Milliseconds(q.Value))
		if point.Cost.HasInterval && point.Cost.Low > 0 {
			cost.Add(point.Cost.Low, point.Cost.High)
		}
		if q.HasInterval && q.Low > 0 {
			latency.Add(chart.Milliseconds(q.Low), chart.Milliseconds(q.High))
		}
	}
	unit := 1.0
	if g.Basis != sweep.Billed {
		unit = 1000
	}
	panel := chart.NewPanel(p)
	x := cost.Padded(1.5)
	chart.LogAxis(&panel.X, chart.Span{Low: x.Low * unit, High: x.High * unit}, width, 56)
	chart.LogAxis(&panel.Y, latency.Padded(1.5), 280, 26)
	panel.X.Label.Text = document.CostAxis(g)
	at := func(point sweep.Point) plotter.XY {
		q, _ := g.Latency(point)
		return plotter.XY{X: point.Cost.Value * unit, Y: chart.Milliseconds(q.Value)}
	}
	var front plotter.XYs
	for _, point := range g.Front() {
		front = append(front, at(point))
	}
	panel.Add(chart.Line(front, chart.Stroke(p.Muted, 1.4)))
	panel.Add(chart.Mark(func(area chart.Area) {
		var labels chart.Labels
		for _, point := range g.Points {
			if !g.Compared(point) {
				continue
			}
			look, xy := lookOf(point.Of, looks, g), at(point)
			where := vg.Point{X: area.X(xy.X), Y: area.Y(xy.Y)}
			bar := chart.Stroke(chart.Faint(look.Color, 0.5), 0.9)
			if point.Cost.HasInterval && point.Cost.Low > 0 {
				area.ErrorBar(bar, area.X(point.Cost.Low*unit), area.X(point.Cost.High*unit), where.Y)
			}
			if q, _ := g.Latency(point); q.HasInterval && q.Low > 0 {
				area.StrokeLine2(bar, where.X, area.Y(chart.Milliseconds(q.Low)), where.X, area.Y(chart.Milliseconds(q.High)))
			}
			marker := look.Marker.Hollow()
			if point.Front {
				marker = look.Marker
			}
			area.Marker(marker, look.Color, 4.5, where.X, where.Y)
			labels.Taken = append(labels.Taken, chart.Around(where, 5))
		}
		for _, point := range g.Front() {
			xy := at(point)
			labels.Write(area, vg.Point{X: area.X(xy.X), Y: area.Y(xy.Y)}, Label(sizeName(g, point)), chart.Face(chart.Small, p.Ink))
		}
	}))
	return panel
}

// sizeName names a size, without its target where all are sizes of that: "memory=512".
func sizeName(g sweep.Group, p sweep.Point) string {
	if slices.ContainsFunc(g.Points, func(o sweep.Point) bool { return o.Of != p.Of }) {
		return p.Target
	}
	return strings.TrimLeft(strings.TrimPrefix(p.Target, p.Of), "@+")
}

// memoryPlot is latency and cost of the sizes of a function by its memory, as tools for the
// power tuning of functions draw them.
type memoryPlot struct {
	analysis *analysis.Analysis
	group    sweep.Group
	key      string // of the memory
	lines    []memoryLine
}

// memoryLine are sizes that differ in their memory alone.
type memoryLine struct {
	name   string
	look   chart.Look
	points []memoryPoint
}

type memoryPoint struct {
	sweep.Point
	memory float64
}

// newMemoryPlot finds the sizes of a group of functions by their memory; none of others.
func newMemoryPlot(a *analysis.Analysis, g sweep.Group) memoryPlot {
	m := memoryPlot{analysis: a, group: g}
	if g.Basis != sweep.Billed {
		return m
	}
	looks := looksOf(a.Run)
	for _, p := range g.Points {
		m.key = p.Of + ".memory"
		if of, _, variant := strings.Cut(p.Of, "@"); variant && p.Value(m.key) == "" {
			m.key = of + ".memory"
		}
		memory, err := strconv.ParseFloat(p.Value(m.key), 64)
		if err != nil || memory <= 0 || p.Cost.Value == 0 {
			continue
		}
		name := p.Of
		for _, v := range p.Values {
			if v.Key != m.key {
				name += ", " + shortKey(v) + "=" + v.Value
			}
		}
		i := slices.IndexFunc(m.lines, func(l memoryLine) bool { return l.name == name })
		if i < 0 {
			i = len(m.lines)
			m.lines = append(m.lines, memoryLine{name: name, look: lookOf(p.Of, looks, g)})
			if i > 0 {
				m.lines[i].look = looks[p.Target]
			}
		}
		m.lines[i].points = append(m.lines[i].points, memoryPoint{p, memory})
	}
	for _, l := range m.lines {
		slices.SortFunc(l.points, func(a, b memoryPoint) int { return cmp.Compare(a.memory, b.memory) })
	}
	return m
}

func shortKey(v record.Setting) string { return v.Key[strings.LastIndexByte(v.Key, '.')+1:] }

// sizes is the most that a line has.
func (m memoryPlot) sizes() (most int) {
	for _, l := range m.lines {
		most = max(most, len(l.points))
	}
	return most
}

func (m memoryPlot) draw(c draw.Canvas, p chart.Palette) {
	var memory, latency chart.Span
	var sizes []float64
	top := 1e-12
	for _, l := range m.lines {
		for _, pt := range l.points {
			memory.Add(pt.memory)
			sizes = append(sizes, pt.memory)
			top = max(top, pt.Cost.Value, pt.Cost.High)
			for _, q := range m.quantiles() {
				if y, known := latencyAt(pt.Point, q); known {
					latency.Add(y)
				}
			}
		}
	}
	slices.Sort(sizes)
	c = chart.Inset(m.legend(p).Draw(c, p))
	upper, lower := chart.NewPanel(p), chart.NewPanel(p)
	for _, panel := range []*plot.Plot{upper, lower} {
		chart.LogAxis(&panel.X, memory.Padded(1.2), 1, 1)
		panel.X.Tick.Marker = loadTicks(slices.Compact(sizes))
	}
	lower.X.Label.Text = "memory, MB"
	chart.HideLabels(&upper.X)
	if !latency.Empty() {
		chart.LogAxis(&upper.Y, latency.Padded(2), 140, 26)
	}
	lower.Y.Min, lower.Y.Max = 0, top*1.08
	for _, l := range m.lines {
		l.add(upper, lower, m.quantiles())
	}
	chart.Grid{
		Panels: [][]*plot.Plot{{upper}, {lower}}, Titles: []string{"response time, ms", document.CostAxis(m.group)}, Top: 4, PadY: 12,
	}.Draw(c, p)
}

func (m memoryPlot) legend(p chart.Palette) chart.Legend {
	var l chart.Legend
	for _, one := range m.lines {
		l = append(l, targetEntry(Label(one.name), one.look))
	}
	for i, q := range m.quantiles() {
		l = append(l, []chart.Entry{{Text: format.Quantile(q), Color: p.Ink, Line: 1.6}, {Text: format.Quantile(q), Color: p.Ink, Line: 1.2, Dash: chart.Dashed()}}[i])
	}
	return l
}

// quantiles are the median, and the quantile that the sizes are compared by.
func (m memoryPlot) quantiles() []float64 {
	if m.group.Q > 0.5 {
		return []float64{0.5, m.group.Q}
	}
	return []float64{0.5}
}

// latencyAt is a quantile of a size's response time in milliseconds, where it is known.
func latencyAt(p sweep.Point, quantile float64) (float64, bool) {
	q, known := (sweep.Group{Q: quantile}).Latency(p)
	return chart.Milliseconds(q.Value), known
}

func (l memoryLine) add(upper, lower *plot.Plot, quantiles []float64) {
	var cost plotter.XYs
	for i, quantile := range quantiles {
		var line plotter.XYs
		for _, pt := range l.points {
			if y, known := latencyAt(pt.Point, quantile); known {
				line = append(line, plotter.XY{X: pt.memory, Y: y})
			}
		}
		stroke, marker := chart.Stroke(l.look.Color, 1.6), l.look.Marker
		if i > 0 {
			stroke, marker = chart.Stroke(l.look.Color, 1.2, chart.Dashed()...), l.look.Marker.Hollow()
		}
		upper.Add(chart.Line(line, stroke), chart.Dots(line, marker, l.look.Color, 3))
	}
	for _, pt := range l.points {
		cost = append(cost, plotter.XY{X: pt.memory, Y: pt.Cost.Value})
		if pt.Cost.HasInterval {
			lower.Add(chart.Line(plotter.XYs{{X: pt.memory, Y: pt.Cost.Low}, {X: pt.memory, Y: pt.Cost.High}}, chart.Stroke(l.look.Color, 1)))
		}
	}
	lower.Add(chart.Line(cost, chart.Stroke(l.look.Color, 1.6)), chart.Dots(cost, l.look.Marker, l.look.Color, 3))
}
