package figures

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/element"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// lane is the time axis of one series: its windows and where rounds end.
type lane struct{ sample.Timeline }

// stacked divides a canvas into n parts of the same height, from the top.
func stacked(c draw.Canvas, n int) []draw.Canvas {
	height := (c.Max.Y - c.Min.Y) / vg.Length(n)
	parts := make([]draw.Canvas, n)
	for i := range parts {
		parts[i] = c
		parts[i].Max.Y = c.Max.Y - vg.Length(i)*height
		parts[i].Min.Y = parts[i].Max.Y - height
	}
	return parts
}

// lanes cuts every series into at most so many windows of the same width.
func (v view) lanes(most int) []lane {
	var loads [][]sample.Row
	for _, s := range v.series {
		rounds := s.rounds
		if len(rounds) == 0 {
			rounds = []sample.Row{s.row}
		}
		loads = append(loads, rounds)
	}
	var all []lane
	for _, t := range sample.Timelines(loads, most) {
		all = append(all, lane{t})
	}
	return all
}

// widthOf is how long a window is.
func widthOf(lanes []lane) time.Duration {
	if len(lanes) == 0 {
		return time.Second
	}
	return lanes[0].Width
}

// longest is the most windows of a lane.
func longest(lanes []lane) int {
	n := 0
	for _, l := range lanes {
		n = max(n, len(l.Windows))
	}
	return n
}

// windowTable has a row for each window, of which there are fewer where the lanes have
// more than so many.
func (v view) windowTable(lanes []lane, most int, titles []string, cells func(sample.Window) []string) *element.Table {
	if longest(lanes) > most {
		lanes = v.lanes(most)
	}
	t := element.NewTable(1, titles...)
	for i, l := range lanes {
		for _, w := range l.Windows {
			t.AddRow(append([]string{v.series[i].Name, fmt.Sprint(w.Round), chart.Plain(w.From), chart.Plain(w.To)}, cells(w)...)...)
		}
	}
	return t
}

func responseTimes(w sample.Window) *hdrhistogram.Histogram { return w.Response }

func lags(w sample.Window) *hdrhistogram.Histogram { return w.Lag }

// figure is one of a window, in milliseconds, if it is known.
type figure func(sample.Window) (float64, bool)

func quantile(times func(sample.Window) *hdrhistogram.Histogram, q float64) figure {
	return func(w sample.Window) (float64, bool) { return quantileOf(times(w), q) }
}

func slowest(times func(sample.Window) *hdrhistogram.Histogram) figure {
	return func(w sample.Window) (float64, bool) { return slowestOf(times(w)) }
}

// shows says that a figure is known in some window.
func (l lane) Shows(value figure) bool { return len(l.points(value)) > 0 }

// points are the middles of the windows in which a figure is known.
func (l lane) points(value figure) plotter.XYs {
	var all plotter.XYs
	for _, w := range l.Windows {
		if y, ok := value(w); ok {
			all = append(all, plotter.XY{X: (w.From + w.To) / 2, Y: y})
		}
	}
	return all
}

// quantileOf returns a quantile in milliseconds when enough samples lie beyond it.
func quantileOf(h *hdrhistogram.Histogram, q float64) (float64, bool) {
	if h == nil || !stat.Known(q, h.TotalCount()) {
		return 0, false
	}
	return chart.Milliseconds(h.ValueAtQuantile(q * 100)), true
}

func slowestOf(h *hdrhistogram.Histogram) (float64, bool) {
	if h == nil {
		return 0, false
	}
	return chart.Milliseconds(h.Max()), true
}

func quantileText(h *hdrhistogram.Histogram, q float64) string {
	value, known := quantileOf(h, q)
	switch {
	case h == nil:
		return "–"
	case !known:
		return "n too small"
	}
	return format.Number(value)
}

func slowestText(h *hdrhistogram.Histogram) string {
	value, known := slowestOf(h)
	if !known {
		return "–"
	}
	return format.Number(value)
}

// panel is a panel over the time of a lane, one of so many side by side.
func (l lane) panel(p chart.Palette, cols int) *plot.Plot {
	panel := chart.NewPanel(p)
	panel.X.Min, panel.X.Max = 0, max(l.End, 1e-3)
	panel.X.Tick.Marker = chart.LinearTicks(max(12/cols, 4))
	panel.X.Label.Text = "measured load, s"
	return panel
}

// steps draws a value that holds for each whole window. Rounds are not connected: time
// passed between them that was not measured.
func (l lane) steps(sty draw.LineStyle, value func(sample.Window) float64) chart.Mark {
	return func(a chart.Area) {
		lines := map[int][]vg.Point{}
		for _, w := range l.Windows {
			y := a.Y(value(w))
			lines[w.Round] = append(lines[w.Round], vg.Point{X: a.X(w.From), Y: y}, vg.Point{X: a.X(w.To), Y: y})
		}
		for _, r := range l.Rounds {
			a.StrokeLines(sty, a.ClipLinesXY(lines[r.Round])...)
		}
	}
}

// levels draws a figure as a stroke as long as each window, so that few windows are seen as
// well as many. All are a single path, which keeps an SVG of thousands of them small.
func (l lane) levels(sty draw.LineStyle, value figure) chart.Mark {
	return func(a chart.Area) {
		var path vg.Path
		for _, w := range l.Windows {
			known, ok := value(w)
			y := a.Y(known)
			if !ok || y < a.Min.Y || y > a.Max.Y {
				continue
			}
			from, to := a.X(w.From), a.X(w.To)
			spare := max(0, sty.Width-(to-from)) / 2 // at least a dot
			path.Move(vg.Point{X: max(from-spare, a.Min.X), Y: y})
			path.Line(vg.Point{X: min(to+spare, a.Max.X), Y: y})
		}
		if len(path) > 0 {
			a.SetLineStyle(sty)
			a.Stroke(path)
		}
	}
}

// rug marks the windows with failed or censored requests along the upper edge.
func (l lane) rug(p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		for _, w := range l.Windows {
			if lost := w.Failed + w.Censored; lost > 0 {
				// At least half as strong, so that a single failure is seen.
				strength := 0.5 + 0.5*chart.Share(lost, w.Sent)
				left, right := a.X(w.From), max(a.X(w.To), a.X(w.From)+1)
				a.Rect(chart.Faint(p.Alarm, strength), left, a.Max.Y-6, right, a.Max.Y)
			}
		}
	}
}

// separators mark where one round ends and the next begins, where a load was ended
// before its schedule was, and number the rounds where there is room, at the lower edge
// if low.
func (l lane) separators(p chart.Palette, numbers, low bool) chart.Mark {
	ended := func(r sample.RoundSpan) bool { return r.Ended() }
	return func(a chart.Area) {
		if len(l.Rounds) < 2 && !slices.ContainsFunc(l.Rounds, ended) {
			return
		}
		sty, y := chart.Face(7, p.Muted), a.Max.Y-7
		if low {
			y, sty.YAlign = a.Min.Y+2, draw.YBottom
		}
		for i, r := range l.Rounds {
			left, right, text := a.X(r.From), a.X(r.To), fmt.Sprint("round ", r.Round)
			if i > 0 {
				a.StrokeLine2(chart.Stroke(p.Muted, 0.7), left, a.Min.Y, left, a.Max.Y)
			}
			if ended(r) {
				a.StrokeLine2(chart.Stroke(p.Alarm, 1.2), right, a.Min.Y, right, a.Max.Y)
				text += ", ended early"
			}
			if sty.Width(text)+6 > right-left {
				text = fmt.Sprint(r.Round)
			}
			if numbers {
				a.FillText(sty, vg.Point{X: left + 3, Y: y}, text)
			}
		}
	}
}
