package figures

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// window is a stretch of one round: one or several of its slices.
type window struct {
	round int
	// from and to are seconds of measured load, the rounds joined in a row.
	from, to float64
	record.Slice
	response *hdrhistogram.Histogram // nil when nothing was OK
	lag      *hdrhistogram.Histogram // nil when nothing was sent
}

func responseTimes(w window) *hdrhistogram.Histogram { return w.response }

func lags(w window) *hdrhistogram.Histogram { return w.lag }

// perSecond turns a count of the window into a rate.
func (w window) perSecond(n int64) float64 { return float64(n) / (w.to - w.from) }

// lane is the time axis of one series: its windows and where rounds end.
type lane struct {
	windows []window
	rounds  []roundSpan
	width   time.Duration // of a window
	end     float64
}

// ended says that the load of a round was ended before its schedule was.
func (l lane) ended() bool {
	return slices.ContainsFunc(l.rounds, func(r roundSpan) bool { return r.row.Ended() != "" })
}

// endedCaption says what marks that, where there is something to mark.
func endedCaption(lanes []lane) string {
	if !slices.ContainsFunc(lanes, lane.ended) {
		return ""
	}
	return " A red vertical line is where the load was ended before its schedule was; nothing was due after it."
}

// quantiles are the points of a quantile of the windows in which it is known.
func (l lane) quantiles(times func(window) *hdrhistogram.Histogram, q float64) plotter.XYs {
	return l.points(func(w window) (float64, bool) { return quantileOf(times(w), q) })
}

// slowest are the points of the longest time of each window.
func (l lane) slowest(times func(window) *hdrhistogram.Histogram) plotter.XYs {
	return l.points(func(w window) (float64, bool) { return slowestOf(times(w)) })
}

func (l lane) points(value func(window) (float64, bool)) plotter.XYs {
	var all plotter.XYs
	for _, w := range l.windows {
		if y, ok := value(w); ok {
			all = append(all, plotter.XY{X: (w.from + w.to) / 2, Y: y})
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

// roundSpan is where a round lies on the axis, in seconds.
type roundSpan struct {
	row      sample.Row
	from, to float64
}

// windowText is how long a window is.
func windowText(lanes []lane) string {
	if len(lanes) == 0 {
		return "1 s"
	}
	return format.Duration(lanes[0].width)
}

// longest is the most windows of a lane.
func longest(lanes []lane) int {
	n := 0
	for _, l := range lanes {
		n = max(n, len(l.windows))
	}
	return n
}

// lanesOf cuts every series into at most so many windows of the same width.
func lanesOf(ss []series, most int) []lane {
	width := time.Second
	for _, s := range ss {
		var length time.Duration
		for _, round := range roundsIn(s) {
			length += playedOf(round, s.row.Slices)
		}
		width = max(width, windowWidth(length, most))
	}
	lanes := make([]lane, len(ss))
	for i, s := range ss {
		lanes[i] = laneOf(s, width)
	}
	return lanes
}

// windowWidth is the shortest round width that needs no more windows.
func windowWidth(span time.Duration, most int) time.Duration {
	widths := []time.Duration{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800}
	for _, w := range widths {
		if span/(w*time.Second) <= time.Duration(most) {
			return w * time.Second
		}
	}
	return (span / time.Duration(most)).Truncate(time.Hour) + time.Hour
}

func laneOf(s series, width time.Duration) lane {
	l := lane{width: width}
	for _, round := range roundsIn(s) {
		var due []sample.Slice
		for _, slice := range s.row.Slices {
			if slice.Round == round.Round {
				due = append(due, dueOf(slice, round))
			}
		}
		span := playedOf(round, due)
		l.windows = append(l.windows, windowsOf(due, l.end, span, width)...)
		from := l.end
		l.end += span.Seconds()
		l.rounds = append(l.rounds, roundSpan{round, from, l.end})
	}
	return l
}

// playedOf is how much of a round's schedule was played: to the end of the last of its
// slices, or to where somebody, or a condition of the scenario's, ended its load.
func playedOf(round sample.Row, slices []sample.Slice) time.Duration {
	length := round.Span
	for _, slice := range slices {
		if slice.Round == round.Round {
			length = slice.End()
		}
	}
	if round.Ended() != "" {
		length = min(length, round.Played)
	}
	return length
}

// dueOf is a slice as it came to be: in that in which the load was ended, what was
// not sent any more was not due any more.
func dueOf(slice sample.Slice, round sample.Row) sample.Slice {
	if round.Ended() != "" && slice.End() > round.Played {
		slice.Scheduled = slice.Sent
	}
	return slice
}

// roundsIn returns the rounds of a series; the pooled row itself when it has
// no cells.
func roundsIn(s series) []sample.Row {
	if len(s.rounds) > 0 {
		return s.rounds
	}
	return []sample.Row{s.row}
}

func windowsOf(slices []sample.Slice, offset float64, span, width time.Duration) []window {
	var windows []window
	for len(slices) > 0 {
		start := slices[0].Start.Truncate(width)
		n := 0
		for n < len(slices) && slices[n].Start < start+width {
			n++
		}
		w := merged(slices[:n])
		w.from = offset + slices[0].Start.Seconds()
		w.to = offset + min(slices[n-1].End(), span).Seconds()
		windows = append(windows, w)
		slices = slices[n:]
	}
	return windows
}

func merged(slices []sample.Slice) window {
	w := window{round: slices[0].Round}
	var response, lag []*hdrhistogram.Histogram
	for _, s := range slices {
		w.Scheduled += s.Scheduled
		w.Sent += s.Sent
		w.OK += s.OK
		w.Failed += s.Failed
		w.Censored += s.Censored
		w.InFlight = max(w.InFlight, s.InFlight)
		response = append(response, s.Response)
		lag = append(lag, s.Lag)
	}
	w.response, w.lag = sum(response), sum(lag)
	return w
}

// sum merges histograms; nil ones and empty ones do not count.
func sum(hs []*hdrhistogram.Histogram) *hdrhistogram.Histogram {
	hs = slices.DeleteFunc(hs, func(h *hdrhistogram.Histogram) bool { return h == nil || h.TotalCount() == 0 })
	switch len(hs) {
	case 0:
		return nil
	case 1:
		return hs[0]
	}
	widest := slices.MaxFunc(hs, func(a, b *hdrhistogram.Histogram) int {
		return cmp.Compare(a.HighestTrackableValue(), b.HighestTrackableValue())
	})
	total := hdrhistogram.New(widest.LowestTrackableValue(), widest.HighestTrackableValue(),
		int(widest.SignificantFigures()))
	for _, h := range hs {
		total.Merge(h)
	}
	return total
}

// steps draws a value that holds for each whole window.
type steps struct {
	lane  lane
	value func(window) float64
	style draw.LineStyle
}

// Plot implements plot.Plotter. Rounds are not connected: time passed between
// them that was not measured.
func (s steps) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	lines := map[int][]vg.Point{}
	for _, w := range s.lane.windows {
		y := toY(s.value(w))
		lines[w.round] = append(lines[w.round], vg.Point{X: toX(w.from), Y: y}, vg.Point{X: toX(w.to), Y: y})
	}
	for _, r := range s.lane.rounds {
		c.StrokeLines(s.style, c.ClipLinesXY(lines[r.row.Round])...)
	}
}

// rug marks the windows with failed or censored requests along the upper edge.
type rug struct {
	lane    lane
	palette chart.Palette
}

// Plot implements plot.Plotter.
func (r rug) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, _ := panel.Transforms(&c)
	for _, w := range r.lane.windows {
		lost := w.Failed + w.Censored
		if lost == 0 {
			continue
		}
		// At least half as strong, so that a single failure is seen.
		strength := 0.5 + 0.5*chart.Share(lost, w.Sent)
		left, right := toX(w.from), max(toX(w.to), toX(w.from)+1)
		chart.FillRect(c, chart.Faint(r.palette.Alarm, strength), left, c.Max.Y-6, right, c.Max.Y)
	}
}

// separators mark where one round ends and the next begins, where a load was ended
// before its schedule was, and number the rounds where there is room.
type separators struct {
	lane    lane
	palette chart.Palette
	bare    bool // without numbers
	low     bool // numbers at the lower edge
}

// Plot implements plot.Plotter.
func (s separators) Plot(c draw.Canvas, panel *plot.Plot) {
	if len(s.lane.rounds) < 2 && !s.lane.ended() {
		return
	}
	toX, _ := panel.Transforms(&c)
	sty := chart.Face(7, s.palette.Muted)
	y := c.Max.Y - 7
	if s.low {
		y, sty.YAlign = c.Min.Y+2, draw.YBottom
	}
	for i, r := range s.lane.rounds {
		left, right := toX(r.from), toX(r.to)
		if i > 0 {
			c.StrokeLine2(draw.LineStyle{Color: s.palette.Muted, Width: 0.7}, left, c.Min.Y, left, c.Max.Y)
		}
		if r.row.Ended() != "" {
			c.StrokeLine2(draw.LineStyle{Color: s.palette.Alarm, Width: 1.2}, right, c.Min.Y, right, c.Max.Y)
		}
		if s.bare {
			continue
		}
		text := fmt.Sprint("round ", r.row.Round)
		if r.row.Ended() != "" {
			text += ", ended early"
		}
		if sty.Width(text)+6 > right-left {
			text = fmt.Sprint(r.row.Round)
		}
		c.FillText(sty, vg.Point{X: left + 3, Y: y}, text)
	}
}
