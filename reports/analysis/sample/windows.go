package sample

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Timeline is a target's load over time: its rounds joined in a row, cut into windows.
type Timeline struct {
	Windows []Window
	Rounds  []RoundSpan
	Width   time.Duration // of a window
	End     float64       // in seconds of measured load
}

// Window is a stretch of one round: one or several of its slices. Its Histograms are nil
// of nothing.
type Window struct {
	Slice
	From, To float64 // seconds of measured load, the rounds joined in a row
}

// RoundSpan is where a round lies, in seconds of measured load.
type RoundSpan struct {
	Row
	From, To float64
}

// PerSecond turns a count of the window into a rate.
func (w Window) PerSecond(n int64) float64 { return float64(n) / (w.To - w.From) }

// Timelines cuts the loads of targets into at most so many windows of one width. Each load
// is the rows of its rounds, which hold their slices.
func Timelines(loads [][]Row, most int) []Timeline {
	width := time.Second
	for _, rounds := range loads {
		var length time.Duration
		for _, r := range rounds {
			length += r.sliced()
		}
		width = max(width, windowWidth(length, most))
	}
	all := make([]Timeline, len(loads))
	for i, rounds := range loads {
		t := &all[i]
		t.Width = width
		for _, r := range rounds {
			from := t.End
			t.End += r.sliced().Seconds()
			t.Windows = append(t.Windows, r.windows(from, width)...)
			t.Rounds = append(t.Rounds, RoundSpan{r, from, t.End})
		}
	}
	return all
}

// windowWidth is the shortest round width that needs no more windows.
func windowWidth(span time.Duration, most int) time.Duration {
	for _, w := range []time.Duration{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800} {
		if span/(w*time.Second) <= time.Duration(most) {
			return w * time.Second
		}
	}
	return (span / time.Duration(most)).Truncate(time.Hour) + time.Hour
}

// sliced is how much of a round's schedule was played: to the end of the last of its
// slices, or to where somebody, or a condition of the scenario's, ended its load.
func (r Row) sliced() time.Duration {
	length := r.Span
	if n := len(r.Slices); n > 0 {
		length = r.Slices[n-1].End()
	}
	if r.Ended() {
		length = min(length, r.Played)
	}
	return length
}

// windows are those of a round that begins at an offset.
func (r Row) windows(offset float64, width time.Duration) []Window {
	var windows []Window
	end := r.sliced()
	for rest := r.Slices; len(rest) > 0; {
		start, n := rest[0].Start.Truncate(width), 0
		for n < len(rest) && rest[n].Start < start+width {
			n++
		}
		w := Window{From: offset + rest[0].Start.Seconds(), To: offset + min(rest[n-1].End(), end).Seconds()}
		var response, lag []*hdrhistogram.Histogram
		for i, s := range rest[:n] {
			if r.Ended() && s.End() > r.Played {
				s.Scheduled = s.Sent // what was not sent any more was not due any more
			}
			if i > 0 {
				s.Slice = joined(w.Slice.Slice, s.Slice)
			}
			w.Slice = s
			response, lag = append(response, s.Response), append(lag, s.Lag)
		}
		w.Round, w.Response, w.Lag = r.Round, sum(response), sum(lag)
		windows, rest = append(windows, w), rest[n:]
	}
	return windows
}

// sum merges histograms; nil ones and empty ones do not count.
func sum(hs []*hdrhistogram.Histogram) *hdrhistogram.Histogram {
	hs = slices.DeleteFunc(hs, func(h *hdrhistogram.Histogram) bool { return h == nil || h.TotalCount() == 0 })
	if len(hs) < 2 {
		return append(hs, nil)[0]
	}
	widest := slices.MaxFunc(hs, func(a, b *hdrhistogram.Histogram) int {
		return cmp.Compare(a.HighestTrackableValue(), b.HighestTrackableValue())
	})
	total := hdrhistogram.New(widest.LowestTrackableValue(), widest.HighestTrackableValue(), int(widest.SignificantFigures()))
	for _, h := range hs {
		total.Merge(h)
	}
	return total
}
