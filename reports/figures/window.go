package figures

import (
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"

	"github.com/HdrHistogram/hdrhistogram-go"
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

func (w window) middle() float64 { return (w.from + w.to) / 2 }

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

// roundSpan is where a round lies on the axis, in seconds.
type roundSpan struct {
	row      stats.Row
	from, to float64
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
		var due []stats.Slice
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
func playedOf(round stats.Row, slices []stats.Slice) time.Duration {
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
func dueOf(slice stats.Slice, round stats.Row) stats.Slice {
	if round.Ended() != "" && slice.End() > round.Played {
		slice.Scheduled = slice.Sent
	}
	return slice
}

// roundsIn returns the rounds of a series; the pooled row itself when it has
// no cells.
func roundsIn(s series) []stats.Row {
	if len(s.rounds) > 0 {
		return s.rounds
	}
	return []stats.Row{s.row}
}

func windowsOf(slices []stats.Slice, offset float64, span, width time.Duration) []window {
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

func merged(slices []stats.Slice) window {
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
	var parts []*hdrhistogram.Histogram
	for _, h := range hs {
		if h != nil && h.TotalCount() > 0 {
			parts = append(parts, h)
		}
	}
	if len(parts) < 2 {
		if len(parts) == 0 {
			return nil
		}
		return parts[0]
	}
	widest := parts[0]
	for _, h := range parts {
		if h.HighestTrackableValue() > widest.HighestTrackableValue() {
			widest = h
		}
	}
	total := hdrhistogram.New(widest.LowestTrackableValue(), widest.HighestTrackableValue(),
		int(widest.SignificantFigures()))
	for _, h := range parts {
		total.Merge(h)
	}
	return total
}
