package figures

import (
	"slices"
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// retraining draws the accuracy of a target under each of its policies of training the model
// again, and below what happened under them.
func retraining(v view) Figure {
	lanes := v.lanes(240)
	f := v.figure("retraining", widthOf(lanes))
	r := policies{view: v, lanes: lanes, low: 1}
	for i := range v.series {
		r.add(i)
	}
	if r.low > r.high || longest(lanes) == 0 {
		return f
	}
	height := 30 + vg.Length(len(r.groups))*(chart.HeadingHeight+40+2*120)
	return f.Shows(height, nil, func(c draw.Canvas, p chart.Palette) {
		c = chart.Inset(r.legend(p).Draw(c, p))
		for k, part := range stacked(c, len(r.groups)) {
			r.grid(p, r.groups[k]).Draw(part, p)
		}
	})
}

// policies are the series that differ in when their model was trained again.
type policies struct {
	view      view
	lanes     []lane
	groups    []policyGroup
	low, high float64 // of all accuracies, with their intervals
}

// policyGroup is one target under several policies: indices of series.
type policyGroup struct {
	name   string
	series []int
}

// add takes in a series, if its examples drift or its model was to be trained again.
func (r *policies) add(i int) {
	d := r.first(i)
	if d == nil {
		return
	}
	name := Label(d.Of)
	at := slices.IndexFunc(r.groups, func(g policyGroup) bool { return g.name == name })
	if at < 0 {
		at = len(r.groups)
		r.groups = append(r.groups, policyGroup{name: name})
	}
	r.groups[at].series = append(r.groups[at].series, i)
	for _, s := range r.lanes[i].Rounds {
		for _, w := range r.view.monitored(i, s.Round).Windows {
			if w.Accuracy.N > 0 {
				r.low, r.high = min(r.low, w.Accuracy.Low), max(r.high, w.Accuracy.High)
			}
		}
	}
}

// drift is what became of a series in a round; nil: it has none.
func (r *policies) drift(i, round int) *monitoring.Drift {
	for k, d := range r.view.analysis.Drift {
		if d.Target == r.view.series[i].row.Target && d.Phase == r.view.phase.Name && d.Round == round {
			return &r.view.analysis.Drift[k]
		}
	}
	return nil
}

// first is what became of a series in the first round that has anything; nil: none has.
func (r *policies) first(i int) *monitoring.Drift {
	for _, s := range r.lanes[i].Rounds {
		if d := r.drift(i, s.Round); d != nil {
			return d
		}
	}
	return nil
}

// policy names the policy of a series.
func (r *policies) policy(i int) string {
	if d := r.first(i); d.Policy != "" {
		return Label(d.Policy)
	}
	return r.view.series[i].Name
}

func (r *policies) legend(p chart.Palette) (l chart.Legend) {
	var named []string
	shift, alarm, trained, failed := false, false, false, false
	for _, g := range r.groups {
		for _, i := range g.series {
			if name := r.policy(i); !slices.Contains(named, name) || len(r.groups) > 1 {
				if named = append(named, name); len(r.groups) > 1 {
					name = g.name + ", " + name
				}
				look := r.view.series[i].Look
				l = append(l, chart.Entry{Text: name, Color: look.Color, Line: 1.2, Dash: look.Dash, Marker: look.Marker})
			}
			for _, s := range r.lanes[i].Rounds {
				if d := r.drift(i, s.Round); d != nil {
					shift = shift || d.Reached
					trained = trained || len(d.Retrainings) > 0
					failed = failed || slices.ContainsFunc(d.Retrainings, func(t monitoring.Retraining) bool { return t.Failed != "" })
				}
				alarm = alarm || slices.ContainsFunc(r.view.monitored(i, s.Round).Detectors, func(d monitoring.Detector) bool { return len(d.Alarms) > 0 })
			}
		}
	}
	if shift {
		l = append(l, chart.Entry{Text: "shift", Color: p.Ink, Line: 1.6, Dash: dotted()})
	}
	if alarm {
		l = append(l, chart.Entry{Text: "alarm", Color: p.Alarm, Marker: chart.Star})
	}
	if trained {
		l = append(l, chart.Entry{Text: "training", Color: chart.Faint(p.Muted, 0.5), Block: true}, chart.Entry{Text: "new model served", Color: p.Muted, Line: 1.6})
	}
	if failed {
		l = append(l, chart.Entry{Text: "failed training", Color: chart.Faint(p.Alarm, 0.5), Block: true})
	}
	return l
}

// grid is one target's two panels, one above the other.
func (r *policies) grid(p chart.Palette, g policyGroup) chart.Grid {
	longest := g.series[0]
	for _, i := range g.series {
		if r.lanes[i].End > r.lanes[longest].End {
			longest = i
		}
	}
	l := r.lanes[longest]
	above, below := l.panel(p, 1), l.panel(p, 1)
	chart.HideLabels(&above.X)
	margin := max((r.high-r.low)/10, 0.005)
	above.Y.Min, above.Y.Max = 100*max(0, r.low-margin), 100*min(1, r.high+margin)
	above.Y.Tick.Marker = chart.LinearTicks(5)
	below.Y.Min, below.Y.Max = 0, float64(len(g.series))
	above.Add(r.shifts(g, p), l.separators(p, true, true))
	below.Add(r.shifts(g, p), l.separators(p, false, false))
	var rows []plot.Tick
	for k, i := range g.series {
		y := float64(len(g.series)-k) - 0.5
		rows = append(rows, plot.Tick{Value: y, Label: r.policy(i)})
		above.Add(r.swaps(i), r.accuracies(i))
		below.Add(r.events(i, y, p))
	}
	below.Y.Tick.Marker = plot.ConstantTicks(rows)
	heading := chart.Heading{Name: g.name}
	if len(g.series) == 1 {
		heading = r.view.series[g.series[0]].Heading
	}
	return chart.Grid{
		Headings: [][]chart.Heading{{heading}}, Top: chart.HeadingHeight, PadX: 10, PadY: 8,
		Panels: [][]*plot.Plot{{above}, {below}}, Titles: []string{"accuracy, %", "retrain"},
	}
}

// in places the moments of a round on the axis; none is beyond its end.
func in(a chart.Area, s sample.RoundSpan) func(time.Duration) vg.Length {
	return func(at time.Duration) vg.Length { return a.X(min(s.From+at.Seconds(), s.To)) }
}

// shifts marks when the examples began to change, in each round.
func (r *policies) shifts(g policyGroup, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		var drawn []vg.Length // targets of a run change at the same time, in rounds as long
		for _, i := range g.series {
			for _, s := range r.lanes[i].Rounds {
				d := r.drift(i, s.Round)
				if d == nil || !d.Reached {
					continue
				}
				if x := in(a, s)(*d.Shift); !slices.Contains(drawn, x) {
					drawn = append(drawn, x)
					a.StrokeLine2(chart.Stroke(p.Ink, 1.6, dotted()...), x, a.Min.Y, x, a.Max.Y)
				}
			}
		}
	}
}

// accuracies draws the windows of a series, joined within a round.
func (r *policies) accuracies(i int) chart.Mark {
	look := r.view.series[i].Look
	return func(a chart.Area) {
		for _, s := range r.lanes[i].Rounds {
			at, line := in(a, s), []vg.Point{}
			for _, w := range r.view.monitored(i, s.Round).Windows {
				if w.Accuracy.N == 0 || s.From+(w.From+w.To).Seconds()/2 > s.To {
					continue
				}
				x := at((w.From + w.To) / 2)
				a.StrokeLine2(chart.Stroke(chart.Faint(look.Color, 0.45), 1), x, a.Y(100*w.Accuracy.Low), x, a.Y(100*w.Accuracy.High))
				line = append(line, vg.Point{X: x, Y: a.Y(100 * w.Accuracy.Value)})
			}
			if len(line) > 0 {
				a.StrokeLines(draw.LineStyle{Color: look.Color, Width: 1.2, Dashes: look.Dash}, line)
			}
			for _, pt := range line {
				a.Marker(look.Marker, look.Color, 2.4, pt.X, pt.Y)
			}
		}
	}
}

// swaps marks when the new models of a series were served.
func (r *policies) swaps(i int) chart.Mark {
	sty := chart.Stroke(chart.Faint(r.view.series[i].Look.Color, 0.6), 0.8)
	return func(a chart.Area) {
		r.eachTraining(i, func(s sample.RoundSpan, t monitoring.Retraining) {
			if t.Swapped != nil {
				x := in(a, s)(*t.Swapped)
				a.StrokeLine2(sty, x, a.Min.Y, x, a.Max.Y)
			}
		})
	}
}

func (r *policies) eachTraining(i int, do func(sample.RoundSpan, monitoring.Retraining)) {
	for _, s := range r.lanes[i].Rounds {
		if d := r.drift(i, s.Round); d != nil {
			for _, t := range d.Retrainings {
				do(s, t)
			}
		}
	}
}

// events draws the alarms, trainings and swaps of a series in its row, whose middle is y.
func (r *policies) events(i int, y float64, p chart.Palette) chart.Mark {
	look := r.view.series[i].Look
	return func(a chart.Area) {
		r.eachTraining(i, func(s sample.RoundSpan, t monitoring.Retraining) {
			at := in(a, s)
			if t.Began != nil {
				end, fill := at(time.Duration(1<<62)), chart.Faint(look.Color, 0.5)
				switch {
				case t.Trained != nil:
					end = at(*t.Trained)
				case t.Failed != "":
					end = at(*t.Began)
				}
				if t.Failed != "" {
					fill = chart.Faint(p.Alarm, 0.5)
				}
				a.Rect(fill, at(*t.Began), a.Y(y-0.3), max(end, at(*t.Began)+1.5), a.Y(y+0.3))
			}
			if t.Swapped != nil {
				a.StrokeLine2(chart.Stroke(look.Color, 1.6), at(*t.Swapped), a.Y(y-0.4), at(*t.Swapped), a.Y(y+0.4))
			}
		})
		for _, s := range r.lanes[i].Rounds {
			for _, d := range r.view.monitored(i, s.Round).Detectors {
				for _, alarm := range d.Alarms {
					a.Marker(chart.Star, p.Alarm, 3.5, in(a, s)(alarm.At), a.Y(y))
				}
			}
		}
	}
}
