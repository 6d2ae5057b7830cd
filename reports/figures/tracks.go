package figures

import (
	"image/color"

	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// tracks are the rows of a time line, with ranges shared by all targets.
type tracks struct {
	lanes    []lane
	rate     float64
	inFlight float64
	failures float64 // per second
	lost     bool    // some request failed or was censored
	latency  chart.Span
	lag      chart.Span
}

func newTracks(lanes []lane) tracks {
	t := tracks{lanes: lanes}
	for _, l := range lanes {
		for _, w := range l.windows {
			t.rate = max(t.rate, w.perSecond(max(w.Scheduled, w.Sent, w.OK)))
			t.inFlight = max(t.inFlight, float64(w.InFlight))
			t.failures = max(t.failures, w.perSecond(w.Failed+w.Censored))
			t.lost = t.lost || w.Failed+w.Censored > 0
			if w.response != nil {
				t.latency.Add(chart.Milliseconds(w.response.Max()))
				t.latency.Add(chart.Milliseconds(w.response.ValueAtQuantile(50)))
			}
			if w.lag != nil {
				t.lag.Add(chart.Milliseconds(w.lag.Max()))
				t.lag.Add(chart.Milliseconds(w.lag.ValueAtQuantile(50)))
			}
		}
	}
	return t
}

// track fills the panel of one row with one target's windows.
type track struct {
	label string
	fill  func(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette)
}

// rows returns the rows that have something to show.
func (t tracks) rows() []track {
	rows := []track{{"requests/s", t.rates}, {"in flight", t.flights}}
	if t.lost {
		rows = append(rows, track{"failed/s", t.losses})
	}
	if !t.latency.Empty() {
		rows = append(rows, track{"latency, ms", t.latencies})
	}
	if !t.lag.Empty() {
		rows = append(rows, track{"lag, ms", t.lags})
	}
	return rows
}

func (t tracks) rates(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.rate, 1)*1.08
	scheduled := func(w window) float64 { return w.perSecond(w.Scheduled) }
	sent := func(w window) float64 { return w.perSecond(w.Sent) }
	ok := func(w window) float64 { return w.perSecond(w.OK) }
	panel.Add(
		steps{l, scheduled, draw.LineStyle{Color: chart.Faint(p.Muted, 0.5), Width: 3.2}},
		steps{l, sent, draw.LineStyle{Color: p.Ink, Width: 1.4}},
		steps{l, ok, draw.LineStyle{Color: c, Width: 1}},
	)
}

func (t tracks) flights(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.inFlight, 1)*1.08
	most := func(w window) float64 { return float64(w.InFlight) }
	panel.Add(steps{l, most, draw.LineStyle{Color: c, Width: 1.2}})
}

func (t tracks) losses(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	panel.Y.Min, panel.Y.Max = 0, max(t.failures, 1e-3)*1.08
	lost := func(w window) float64 { return w.perSecond(w.Failed + w.Censored) }
	panel.Add(steps{l, lost, draw.LineStyle{Color: p.Alarm, Width: 1.2}})
}

func (t tracks) latencies(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.latency.Padded(2), trackHeight, 22)
	if len(l.rounds) > 0 {
		panel.Add(newFloorBand(p, l.rounds[0].row.Floor, false))
	}
	var median, tail, slowest plotter.XYs
	for _, w := range l.windows {
		if w.response == nil {
			continue
		}
		slowest = append(slowest, plotter.XY{X: w.middle(), Y: chart.Milliseconds(w.response.Max())})
		if y, ok := quantileOf(w.response, 0.5); ok {
			median = append(median, plotter.XY{X: w.middle(), Y: y})
		}
		if y, ok := quantileOf(w.response, 0.99); ok {
			tail = append(tail, plotter.XY{X: w.middle(), Y: y})
		}
	}
	for _, r := range l.rounds {
		if q := r.row.Response.Quantiles[2]; q.Known {
			y := chart.Milliseconds(int64(q.Value))
			panel.Add(&plotter.Line{XYs: plotter.XYs{{X: r.from, Y: y}, {X: r.to, Y: y}},
				LineStyle: draw.LineStyle{Color: c, Width: 1.2}})
		}
	}
	panel.Add(
		chart.Dots(slowest, chart.Circle, p.Muted, 1.1),
		chart.Dots(median, chart.Circle, c, 1.4),
		chart.Dots(tail, chart.Triangle.Hollow(), c, 2.2),
	)
}

func (t tracks) lags(panel *plot.Plot, l lane, c color.NRGBA, p chart.Palette) {
	chart.LogAxis(&panel.Y, t.lag.Padded(2), trackHeight, 22)
	var median, slowest plotter.XYs
	for _, w := range l.windows {
		if w.lag == nil {
			continue
		}
		slowest = append(slowest, plotter.XY{X: w.middle(), Y: chart.Milliseconds(w.lag.Max())})
		if y, ok := quantileOf(w.lag, 0.5); ok {
			median = append(median, plotter.XY{X: w.middle(), Y: y})
		}
	}
	panel.Add(
		chart.Dots(slowest, chart.Circle, p.Muted, 1.1),
		chart.Dots(median, chart.Circle, c, 1.4),
	)
}

// trackHeight is about how high the data area of a row is.
const trackHeight vg.Length = 72
