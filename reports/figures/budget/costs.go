// Package budget draws what it costs to serve some traffic, and what decides where to serve it.
// It stands beside reports/figures, whose figures of a run these are not, and above
// reports/analysis/cost, which has the estimates.
package budget

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"servebench/reports/analysis/cost"
	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/figures"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Costs returns the figures of what it costs to serve some traffic: over the traffic, and over
// the hours of its cycle. They show the cheapest place of each service.
func Costs(c *cost.Costs) []figures.Figure {
	p := newCostPlot(c)
	traffic := figures.New("cost-traffic", document.DescribeCosts(c, "cost-traffic"))
	units := figures.New("cost-units", document.DescribeCosts(c, "cost-units"))
	if len(p.lines) == 0 {
		return []figures.Figure{traffic, units}
	}
	return []figures.Figure{traffic.Shows(380, p.trafficTable(), p.drawTraffic), units.Shows(430, p.unitsTable(), p.drawUnits)}
}

// mostPlaces is how many places a figure shows: as many as look different.
const mostPlaces = 6

// costPlot is what the figures of costs are drawn from.
type costPlot struct {
	costs *cost.Costs
	lines []costLine
}

// costLine is one target at one place.
type costLine struct {
	cost.Estimate
	name  string
	look  chart.Look
	rates []float64 // mean requests per second
	month []float64 // US dollars; 0: it cannot serve
}

// factors are the multiples of the traffic that a cost is drawn over, the traffic itself among
// them.
func factors() []float64 {
	const each, decades = 20, 2
	var all []float64
	for i := -each * decades; i <= each*decades; i++ {
		all = append(all, math.Pow(10, float64(i)/each))
	}
	return all
}

func newCostPlot(c *cost.Costs) costPlot {
	p := costPlot{costs: c}
	shown := shownCosts(c.Priced())
	var names []string
	for _, e := range shown {
		name := figures.Label(fmt.Sprintf("%s: %s %s", e.Measured.Target, e.Place.Provider, strings.TrimPrefix(e.Place.ID, e.Place.Provider+"/"+e.Place.Region+"/")))
		if slices.Contains(names, name) { // in another region
			name = figures.Label(e.Place.Region + " " + name)
		}
		names = append(names, name)
	}
	looks := chart.Looks(names)
	for i, name := range names {
		l := costLine{Estimate: shown[i], name: name, look: looks[name]}
		for _, f := range factors() {
			l.rates = append(l.rates, c.Traffic.Mean()*f)
			l.month = append(l.month, c.Again(shown[i], f).Month.Value)
		}
		p.lines = append(p.lines, l)
	}
	return p
}

// shownCosts are the cheapest of each service, then others, by ascending cost. The cheapest of
// the hardware of one's own is among them.
func shownCosts(priced []cost.Estimate) []cost.Estimate {
	var first, others []cost.Estimate
	for _, e := range priced {
		if slices.ContainsFunc(first, func(f cost.Estimate) bool { return f.Measured == e.Measured && f.Place.Service == e.Place.Service }) {
			others = append(others, e)
		} else {
			first = append(first, e)
		}
	}
	shown := append(first, others...)
	if i := slices.IndexFunc(shown, func(e cost.Estimate) bool { return e.Place.Own() }); i >= mostPlaces {
		shown[mostPlaces-1] = shown[i]
	}
	shown = shown[:min(len(shown), mostPlaces)]
	slices.SortStableFunc(shown, func(a, b cost.Estimate) int { return cmp.Compare(a.Month.Value, b.Month.Value) })
	return shown
}

func (cp costPlot) legend() chart.Legend {
	var l chart.Legend
	for _, line := range cp.lines {
		l = append(l, chart.Entry{Text: line.name, Color: line.look.Color, Line: 1.6, Dash: line.look.Dash})
	}
	return l
}

// runs are the stretches of a line that have a cost.
func (l costLine) runs() []plotter.XYs {
	var all []plotter.XYs
	open := false
	for i, usd := range l.month {
		if usd <= 0 {
			open = false
			continue
		}
		if !open {
			all, open = append(all, nil), true
		}
		all[len(all)-1] = append(all[len(all)-1], plotter.XY{X: l.rates[i], Y: usd})
	}
	return all
}

func (cp costPlot) drawTraffic(c draw.Canvas, p chart.Palette) {
	now := cp.costs.Traffic.Mean()
	legend := append(cp.legend(), chart.Entry{Text: "traffic as it is", Color: p.Ink, Line: 1, Dash: chart.Dashed()})
	c = chart.Inset(legend.Draw(c, p))
	panel := chart.NewPanel(p)
	var x, y chart.Span
	for _, line := range cp.lines {
		x.Add(line.rates...)
		y.Add(line.month...)
	}
	chart.LogAxis(&panel.X, x.Padded(10), figures.Width, 60)
	chart.LogAxis(&panel.Y, y.Padded(10), 300, 26)
	panel.X.Label.Text = "mean requests/s"
	panel.Add(chart.Mark(func(a chart.Area) {
		a.StrokeLine2(chart.Stroke(p.Ink, 1, chart.Dashed()...), a.X(now), a.Min.Y, a.X(now), a.Max.Y)
	}))
	for _, line := range cp.lines {
		for _, run := range line.runs() {
			panel.Add(chart.Line(run, chart.Stroke(line.look.Color, 1.6, line.look.Dash...)))
		}
	}
	chart.Single(panel, "$ a month").Draw(c, p)
}

// drawUnits draws the traffic above the units that it takes.
func (cp costPlot) drawUnits(c draw.Canvas, p chart.Palette) {
	legend := append(chart.Legend{
		{Text: "traffic: highest minute", Color: chart.Faint(p.Muted, 0.6), Line: 3.2},
		{Text: "mean", Color: p.Ink, Line: 1.2},
	}, cp.legend()...)
	c = chart.Inset(legend.Draw(c, p))
	load, units := chart.NewPanel(p), chart.NewPanel(p)
	hours := cp.costs.Traffic.Hours(0)
	var ends, mean, peak []float64
	at := 0.0
	for _, h := range hours {
		at += h.Length.Hours()
		ends, mean, peak = append(ends, at), append(mean, h.Mean), append(peak, h.Peak)
	}
	most, top := 0.0, 0.0
	for _, line := range cp.lines {
		for _, n := range line.Units {
			most = max(most, n)
		}
	}
	for _, r := range peak {
		top = max(top, r)
	}
	for _, panel := range []*plot.Plot{load, units} {
		panel.X.Min, panel.X.Max, panel.Y.Min = 0, at, 0
		panel.X.Tick.Marker = hourTicks(at)
	}
	load.Y.Max, units.Y.Max = top*1.08, most*1.08
	chart.HideLabels(&load.X)
	units.X.Label.Text = "hour of the cycle"
	load.Add(levels(ends, peak, chart.Stroke(chart.Faint(p.Muted, 0.6), 3.2)), levels(ends, mean, chart.Stroke(p.Ink, 1.2)))
	for _, line := range cp.lines {
		units.Add(levels(ends, line.Units, chart.Stroke(line.look.Color, 1.6, line.look.Dash...)))
	}
	chart.Grid{Panels: [][]*plot.Plot{{load}, {units}}, Titles: []string{"requests/s", "units"}, Top: 4, PadY: 12}.Draw(c, p)
}

// hourTicks are at whole days, or parts of one.
func hourTicks(most float64) plot.TickerFunc {
	step := 24.0
	for _, s := range []float64{0.25, 1, 3, 6, 12} {
		if most/s <= 16 {
			step = s
			break
		}
	}
	step *= math.Ceil(most / step / 16)
	return func(_, high float64) []plot.Tick {
		var at []float64
		for h := 0.0; h <= high; h += step {
			at = append(at, h)
		}
		return chart.Ticks(at, chart.Plain)
	}
}

// levels draws a value for each hour, which end at the given times.
func levels(ends, values []float64, sty draw.LineStyle) chart.Mark {
	return func(a chart.Area) {
		var line []vg.Point
		from := 0.0
		for i, v := range values {
			line = append(line, vg.Point{X: a.X(from), Y: a.Y(v)}, vg.Point{X: a.X(ends[i]), Y: a.Y(v)})
			from = ends[i]
		}
		a.StrokeLines(sty, line)
	}
}

// trafficTable has the costs of every fifth factor.
func (cp costPlot) trafficTable() *element.Table {
	titles := []string{"requests/s"}
	for _, l := range cp.lines {
		titles = append(titles, l.name)
	}
	t := element.NewTable(1, titles...)
	for i := 0; i < len(cp.lines[0].rates); i += 5 {
		row := []string{format.Number(cp.lines[0].rates[i])}
		for _, l := range cp.lines {
			usd := "–"
			if l.month[i] > 0 {
				usd = format.Dollars(l.month[i])
			}
			row = append(row, usd)
		}
		t.AddRow(row...)
	}
	return t
}

func (cp costPlot) unitsTable() *element.Table {
	titles := []string{"hour", "mean/s", "peak/s"}
	for _, l := range cp.lines {
		titles = append(titles, l.name)
	}
	t := element.NewTable(1, titles...)
	at := 0.0
	for i, h := range cp.costs.Traffic.Hours(0) {
		row := []string{format.Number(at), format.Number(h.Mean), format.Number(h.Peak)}
		for _, l := range cp.lines {
			row = append(row, format.Number(l.Units[i]))
		}
		t.AddRow(row...)
		at += h.Length.Hours()
	}
	return t
}
