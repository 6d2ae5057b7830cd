package figures

import (
	"slices"
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// accuracy draws how right the predictions of each target were over time.
func accuracy(v view) Figure {
	lanes := v.lanes(240)
	f := v.figure("accuracy", widthOf(lanes))
	low, high := 1.0, 0.0
	for _, t := range v.analysis.Monitor {
		for _, w := range t.Windows {
			if t.Phase == v.phase.Name && w.Accuracy.N > 0 {
				low, high = min(low, w.Accuracy.Low), max(high, w.Accuracy.High)
			}
		}
	}
	if low > high || longest(lanes) == 0 {
		return f
	}
	d := newDetections(v)
	rows := vg.Length(1)
	if d.names != nil {
		rows = 2
	}
	height := 30 + vg.Length(len(lanes))*(chart.HeadingHeight+30+rows*110)
	return f.Shows(height, nil, func(c draw.Canvas, p chart.Palette) {
		first := v.series[0].Look.Color
		legend := chart.Legend{{Text: "accuracy of a window, with its 95 % interval", Color: first, Marker: v.series[0].Look.Marker}}
		legend = append(legend, d.legend(p)...)
		c = chart.Inset(append(legend, v.faultEntry(p)...).Draw(c, p))
		for i, part := range stacked(c, len(lanes)) {
			l := lanes[i]
			panel := l.panel(p, 1)
			margin := max((high-low)/10, 0.005)
			panel.Y.Min, panel.Y.Max = 100*max(0, low-margin), 100*min(1, high+margin)
			panel.Y.Tick.Marker = chart.LinearTicks(5)
			panel.Add(v.faults(l, i, p), v.accuracies(l, i), l.separators(p, true, true))
			g := chart.Grid{
				Headings: [][]chart.Heading{v.headings()[i : i+1]}, Top: chart.HeadingHeight, PadX: 10, PadY: 8,
				Panels: [][]*plot.Plot{{panel}}, Titles: []string{"accuracy, %"},
			}
			if d.names != nil {
				chart.HideLabels(&panel.X)
				g.Panels, g.Titles = append(g.Panels, []*plot.Plot{d.panel(l, i, p)}), append(g.Titles, "statistic ÷ threshold")
			}
			g.Draw(part, p)
		}
	})
}

// accuracies draws the windows of a lane.
func (v view) accuracies(l lane, i int) chart.Mark {
	look := v.series[i].Look
	return func(a chart.Area) {
		for _, r := range l.Rounds {
			for _, w := range v.monitored(i, r.Round).Windows {
				middle := r.From + (w.From+w.To).Seconds()/2
				if w.Accuracy.N == 0 || middle > r.To {
					continue
				}
				x := a.X(middle)
				a.StrokeLine2(chart.Stroke(look.Color, 1), x, a.Y(100*w.Accuracy.Low), x, a.Y(100*w.Accuracy.High))
				a.Marker(look.Marker, look.Color, 2.4, x, a.Y(100*w.Accuracy.Value))
			}
		}
	}
}

// monitored is what was seen of a series in a round.
func (v view) monitored(i, round int) monitoring.Trial {
	at := slices.IndexFunc(v.analysis.Monitor, func(t monitoring.Trial) bool {
		return t.Target == v.series[i].row.Target && t.Phase == v.phase.Name && t.Round == round
	})
	if at < 0 {
		return monitoring.Trial{}
	}
	return v.analysis.Monitor[at]
}

// detections are the statistics of detectors over time.
type detections struct {
	view  view
	names []string // of the detectors; nil: there are none
	most  float64  // ratio
}

func newDetections(v view) detections {
	d := detections{view: v, most: 1.2}
	for _, t := range v.analysis.Monitor {
		if t.Phase != v.phase.Name {
			continue
		}
		for _, detector := range t.Detectors {
			if !slices.Contains(d.names, detector.Name) {
				d.names = append(d.names, detector.Name)
			}
			for _, look := range detector.Looks {
				if ratio, known := look.Ratio(); known {
					d.most = max(d.most, ratio)
				}
			}
		}
	}
	d.most = min(d.most, mostRatio)
	return d
}

// mostRatio bounds the axis: what is far above a threshold is drift, however far.
const mostRatio = 5

// stroke is how a detector is drawn.
func (d detections) stroke(name string, p chart.Palette) draw.LineStyle {
	dashes := [][]vg.Length{nil, {5, 2}, {1.5, 2}, {6, 2, 1.5, 2}}
	return chart.Stroke(p.Ink, 1.2, dashes[slices.Index(d.names, name)%len(dashes)]...)
}

func (d detections) legend(p chart.Palette) (l chart.Legend) {
	for _, name := range d.names {
		s := d.stroke(name, p)
		l = append(l, chart.Entry{Text: name, Color: p.Ink, Line: s.Width, Dash: s.Dashes})
	}
	if d.names != nil {
		l = append(l, chart.Entry{Text: "alarm", Color: p.Alarm, Marker: chart.Star})
	}
	return l
}

func (d detections) panel(l lane, i int, p chart.Palette) *plot.Plot {
	panel := l.panel(p, 1)
	panel.Y.Min, panel.Y.Max = 0, d.most*1.08
	panel.Y.Tick.Marker = chart.LinearTicks(4)
	panel.Add(chart.Level(1, chart.Stroke(p.Alarm, 1, chart.Dashed()...)), d.view.faults(l, i, p), d.lines(l, i, p), l.separators(p, false, false))
	return panel
}

// lines draws the looks and alarms of all detectors in a lane.
func (d detections) lines(l lane, i int, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		for _, r := range l.Rounds {
			at := func(t time.Duration) vg.Length { return a.X(min(r.To, r.From+t.Seconds())) }
			for _, detector := range d.view.monitored(i, r.Round).Detectors {
				var line []vg.Point
				for _, look := range detector.Looks {
					if ratio, known := look.Ratio(); known {
						line = append(line, vg.Point{X: at(look.At), Y: a.Y(max(0, min(ratio, d.most)))})
					}
				}
				if len(line) > 0 {
					a.StrokeLines(d.stroke(detector.Name, p), line)
				}
				for _, alarm := range detector.Alarms {
					a.Marker(chart.Star, p.Alarm, 3.5, at(alarm.At), a.Y(max(0, min(alarm.Statistic/alarm.Threshold, d.most))))
				}
			}
		}
	}
}
