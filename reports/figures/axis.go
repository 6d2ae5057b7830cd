package figures

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// newPanel returns an empty plot in the palette's colours, with grid lines.
func newPanel(p Palette) *plot.Plot {
	panel := plot.New()
	panel.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&panel.X, &panel.Y} {
		axis.Color = p.Muted
		axis.Width = 0.6
		axis.Padding = 0
		axis.Label.TextStyle.Font = face(small, p.Muted).Font
		axis.Label.TextStyle.Color = p.Muted
		axis.Label.Padding = 3
		axis.Tick.Color = p.Muted
		axis.Tick.Width = 0.6
		axis.Tick.Length = 4
		axis.Tick.Label.Font = face(small, p.Muted).Font
		axis.Tick.Label.Color = p.Muted
		axis.Tick.Marker = linearTicks{most: 6}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = p.Grid, p.Grid
	grid.Vertical.Width, grid.Horizontal.Width = 0.6, 0.6
	panel.Add(grid)
	return panel
}

// logAxis makes an axis logarithmic over the span, with about one label every
// spacing points of its length.
func logAxis(axis *plot.Axis, s span, length, spacing vg.Length) {
	axis.Scale = logScale{}
	axis.Min, axis.Max = s.low, s.high
	axis.Tick.Marker = logTicks{most: max(2, int(length/spacing))}
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
type logTicks struct{ most int }

// Ticks implements plot.Ticker.
func (t logTicks) Ticks(low, high float64) []plot.Tick {
	values := t.values(low, high)
	ticks := make([]plot.Tick, 0, len(values)+20)
	for _, v := range values {
		ticks = append(ticks, plot.Tick{Value: v, Label: plain(v)})
	}
	if high/low > 1e6 || high/low < 1.2 {
		return ticks
	}
	for _, v := range decades(low, high, 1, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		ticks = append(ticks, plot.Tick{Value: v})
	}
	return ticks
}

func (t logTicks) values(low, high float64) []float64 {
	fine := [][]float64{
		{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9},
		{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1},
	}
	for _, steps := range fine {
		if v := decades(low, high, 1, steps); len(v) <= t.most {
			if len(v) >= 2 {
				return v
			}
			return niceSteps(low, high, t.most)
		}
	}
	for skip := 2; ; skip++ {
		if v := decades(low, high, skip, []float64{1}); len(v) <= t.most {
			return v
		}
	}
}

// decades returns the steps of every skip-th decade between low and high.
func decades(low, high float64, skip int, steps []float64) []float64 {
	var values []float64
	first := int(math.Floor(math.Log10(low)))
	last := int(math.Ceil(math.Log10(high)))
	for e := first; e <= last; e++ {
		if e%skip != 0 {
			continue
		}
		for _, s := range steps {
			if v := s * math.Pow10(e); v >= low*(1-1e-9) && v <= high*(1+1e-9) {
				values = append(values, v)
			}
		}
	}
	return values
}

// linearTicks labels round steps of 1, 2 or 5.
type linearTicks struct{ most int }

// Ticks implements plot.Ticker.
func (t linearTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, v := range niceSteps(low, high, t.most) {
		ticks = append(ticks, plot.Tick{Value: v, Label: plain(v)})
	}
	return ticks
}

// niceSteps returns at most so many multiples of a round step inside the range.
func niceSteps(low, high float64, most int) []float64 {
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
