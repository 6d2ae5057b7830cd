package figures

import (
	"slices"

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
	height := 30 + vg.Length(len(lanes))*(chart.HeadingHeight+30+120)
	return f.shows(height, nil, func(c draw.Canvas, p chart.Palette) {
		first := v.series[0].Look.Color
		legend := chart.Legend{{Text: "accuracy of a window, with its 95 % interval", Color: first, Marker: v.series[0].Look.Marker}}
		c = chart.Inset(append(legend, v.faultEntry(p)...).Draw(c, p))
		height := (c.Max.Y - c.Min.Y) / vg.Length(len(lanes))
		for i, l := range lanes {
			part := c
			part.Max.Y = c.Max.Y - vg.Length(i)*height
			part.Min.Y = part.Max.Y - height
			panel := l.panel(p, 1)
			margin := max((high-low)/10, 0.005)
			panel.Y.Min, panel.Y.Max = 100*max(0, low-margin), 100*min(1, high+margin)
			panel.Y.Tick.Marker = chart.LinearTicks(5)
			panel.Add(v.faults(l, i, p), v.accuracies(l, i), l.separators(p, true, true))
			g := chart.Grid{
				Headings: [][]chart.Heading{v.headings()[i : i+1]}, Top: chart.HeadingHeight, PadX: 10, PadY: 8,
				Panels: [][]*plot.Plot{{panel}}, Titles: []string{"accuracy, %"},
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
