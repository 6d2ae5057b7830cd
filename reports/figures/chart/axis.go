// Package chart is what figures are drawn with: panels with axes of latencies, small
// multiples, lists, legends, palettes for light and dark backgrounds, markers that need
// no colour, and an SVG canvas whose colours follow the page. It knows nothing of runs.
package chart

import (
	"math"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// NewPanel returns an empty plot in the palette's colours, with grid lines.
func NewPanel(p Palette) *plot.Plot {
	panel := plot.New()
	panel.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&panel.X, &panel.Y} {
		axis.Color, axis.Width, axis.Padding = p.Muted, 0.6, 0
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = Face(Small, p.Muted).Font, p.Muted
		axis.Label.Padding = 3
		axis.Tick.Color, axis.Tick.Width, axis.Tick.Length = p.Muted, 0.6, 4
		axis.Tick.Label.Font, axis.Tick.Label.Color = Face(Small, p.Muted).Font, p.Muted
		axis.Tick.Marker = LinearTicks(6)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = p.Grid, p.Grid
	grid.Vertical.Width, grid.Horizontal.Width = 0.6, 0.6
	panel.Add(grid)
	return panel
}

// LogAxis makes an axis logarithmic over the span, with about one label every
// spacing points of its length.
func LogAxis(axis *plot.Axis, s Span, length, spacing vg.Length) {
	axis.Scale = logScale{}
	axis.Min, axis.Max = s.Low, s.High
	axis.Tick.Marker = logTicks(max(2, int(length/spacing)))
}

// HideLabels leaves nothing but the grid lines of an axis that shares the labels of
// the panel below.
func HideLabels(axis *plot.Axis) {
	axis.Label.Text, axis.Tick.Label.Font.Size = "", 1
	axis.Tick.Marker = Unlabelled(axis.Tick.Marker)
}

// logScale is gonum's without its panic: what is not above zero, a hidden tick
// say, is far below the axis.
type logScale struct{}

// Normalize implements plot.Normalizer.
func (logScale) Normalize(low, high, x float64) float64 {
	if x <= 0 {
		return -1
	}
	return math.Log(x/low) / math.Log(high/low)
}

// logTicks labels 1, 2 and 5 of each decade as far as there is room, fewer on
// wide axes, more on narrow ones.
func logTicks(most int) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		ticks := Ticks(LogSteps(low, high, most), Plain)
		if high/low > 1e6 || high/low < 1.2 {
			return ticks
		}
		for _, v := range decades(low, high, 1, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			ticks = append(ticks, plot.Tick{Value: v})
		}
		return ticks
	}
}

// LinearTicks labels at most so many round steps of 1, 2 or 5.
func LinearTicks(most int) plot.TickerFunc {
	return func(low, high float64) []plot.Tick { return Ticks(RoundSteps(low, high, most), Plain) }
}

// Unlabelled keeps the grid lines of an axis and drops its labels.
func Unlabelled(t plot.Ticker) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		ticks := t.Ticks(low, high)
		for i := range ticks {
			ticks[i].Label = " " // an empty one would make it a minor tick
		}
		return ticks
	}
}

// Ticks labels values.
func Ticks(values []float64, label func(float64) string) []plot.Tick {
	ticks := make([]plot.Tick, len(values))
	for i, v := range values {
		ticks[i] = plot.Tick{Value: v, Label: label(v)}
	}
	return ticks
}

// LogSteps returns at most so many round values inside the range, evenly spread on a
// logarithmic axis.
func LogSteps(low, high float64, most int) []float64 {
	fine := [][]float64{
		{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9},
		{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1},
	}
	for _, steps := range fine {
		if v := decades(low, high, 1, steps); len(v) <= most {
			if len(v) >= 2 {
				return v
			}
			return RoundSteps(low, high, most)
		}
	}
	for skip := 2; ; skip++ {
		if v := decades(low, high, skip, []float64{1}); len(v) <= most {
			return v
		}
	}
}

// decades returns the steps of every skip-th decade between low and high.
func decades(low, high float64, skip int, steps []float64) []float64 {
	var values []float64
	last := int(math.Ceil(math.Log10(high)))
	for e := int(math.Floor(math.Log10(low))); e <= last; e++ {
		for _, s := range steps {
			if v := s * math.Pow10(e); e%skip == 0 && v >= low*(1-1e-9) && v <= high*(1+1e-9) {
				values = append(values, v)
			}
		}
	}
	return values
}

// RoundSteps returns at most so many multiples of a round step inside the range.
func RoundSteps(low, high float64, most int) []float64 {
	if !(high > low) || most < 1 {
		return nil
	}
	for e := int(math.Floor(math.Log10((high - low) / float64(most)))); ; e++ {
		for _, s := range []float64{1, 2, 5} {
			step := s * math.Pow10(e)
			first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
			if int(last-first)+1 > most {
				continue
			}
			var values []float64
			for i := first; i <= last; i++ {
				values = append(values, i*step+0) // no negative zero
			}
			return values
		}
	}
}

// Span is the range of a logarithmic axis: 0 < low < high. The zero value is
// empty.
type Span struct{ Low, High float64 }

// Add widens the span to hold the values. Those that a logarithm has no place for are
// left out.
func (s *Span) Add(values ...float64) {
	for _, v := range values {
		switch {
		case !(v > 0) || math.IsInf(v, 0):
		case s.High == 0:
			s.Low, s.High = v, v
		default:
			s.Low, s.High = math.Min(s.Low, v), math.Max(s.High, v)
		}
	}
}

// AddTimes widens the span to hold all that a histogram counts; nil counts nothing.
func (s *Span) AddTimes(h *hdrhistogram.Histogram) {
	if h != nil {
		s.Add(Milliseconds(h.Min()), Milliseconds(h.Max()))
	}
}

// Empty reports whether nothing was added.
func (s Span) Empty() bool { return s.High == 0 }

// Padded returns the span with some air on both sides, and at least as wide as
// the given factor, so that data without spread has an axis too.
func (s Span) Padded(least float64) Span {
	if s.Empty() {
		return Span{0.1, 10}
	}
	if ratio := s.High / s.Low; ratio < least {
		grow := math.Sqrt(least / ratio)
		s.Low, s.High = s.Low/grow, s.High*grow
	}
	air := math.Pow(s.High/s.Low, 0.04)
	return Span{s.Low / air, s.High * air}
}

// Plain writes the value of a tick with as few digits as six significant ones
// need: "0.5", "2", "10000". Ticks of a narrow axis differ in later digits than
// the measured figures that package format writes.
func Plain(v float64) string {
	text := strconv.FormatFloat(v, 'g', 6, 64)
	rounded, _ := strconv.ParseFloat(text, 64) // FormatFloat's own output
	if size := math.Abs(rounded); size >= 1e9 || size > 0 && size < 1e-6 {
		return strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// Milliseconds turns nanoseconds into what the axes show. Zero, which a logarithm has
// no place for, counts as one nanosecond.
func Milliseconds[T ~int64](nanoseconds T) float64 {
	return math.Max(float64(nanoseconds), 1) / float64(time.Millisecond)
}

// Share is a part of a whole, 0 of nothing.
func Share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
