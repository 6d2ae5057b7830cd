package figures

import (
	"fmt"
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostWindows bounds the windows of a time axis, so that a cell of it is still
// a visible pixel.
const mostWindows = 240

// heatmap draws when which response times occurred, one panel for each target.
func heatmap(v view) Figure {
	lanes := lanesOf(v.series, mostWindows)
	f := Figure{
		Name:  v.name("heatmap"),
		Title: v.title("Response time over time"),
		Caption: fmt.Sprintf("Each cell is %s of due time and a fixed latency bin; its colour is the number of answers "+
			"on a logarithmic scale. Dots: the slowest answer of each window. Red strokes along the upper edge: windows in "+
			"which requests failed or were censored. Vertical lines separate the rounds, which are joined in a row.",
			windowText(lanes)) + endedCaption(lanes) + floorCaption(v),
		Conditions: v.conditions(),
		Height:     56 + 182*vg.Length((len(v.series)+columnsFor(len(v.series))-1)/columnsFor(len(v.series))),
	}
	y := laneSpan(lanes)
	if y.Empty() {
		f.Missing = "no request was answered correctly, so there is no latency to show"
		return f
	}
	y = y.Padded(2)
	y.High *= math.Pow(y.High/y.Low, 0.1) // room for the rug and the rounds' names
	f.Data = heatTable(v, lanes, y)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawHeat(c, p, v, lanes, y) }
	return f
}

// columnsFor returns how many panels lie side by side.
func columnsFor(panels int) int { return min(max(panels, 1), 2) }

func windowText(lanes []lane) string {
	for _, l := range lanes {
		if l.width > 0 {
			return format.Duration(l.width)
		}
	}
	return "1 s"
}

// laneSpan returns from the fastest to the slowest answer of any window.
func laneSpan(lanes []lane) chart.Span {
	var y chart.Span
	for _, l := range lanes {
		for _, w := range l.windows {
			if w.response != nil {
				y.Add(chart.Milliseconds(w.response.Min()))
				y.Add(chart.Milliseconds(w.response.Max()))
			}
		}
	}
	return y
}

// heatTable holds the cells, with coarser bins and windows than drawn.
func heatTable(v view, fine []lane, y chart.Span) Table {
	const rows = 30
	b := chart.BinsOver(y, 8)
	t := Table{Head: []string{"target", "round", "from, s", "to, s"}}
	for i := range b.N {
		t.Head = append(t.Head, fmt.Sprintf("%s–%s ms",
			format.Number(b.Edge(i)), format.Number(b.Edge(i+1))))
	}
	t.Head = append(t.Head, "slowest, ms", "failed", "censored")
	lanes := fine
	if len(fine) > 0 && longest(fine) > rows {
		lanes = lanesOf(v.series, rows)
	}
	for i, l := range lanes {
		for _, w := range l.windows {
			row := []string{v.series[i].label, fmt.Sprint(w.round),
				chart.Plain(w.from), chart.Plain(w.to)}
			for _, n := range b.Count(w.response) {
				row = append(row, format.Count(n))
			}
			slowest := "–"
			if w.response != nil {
				slowest = format.Number(chart.Milliseconds(w.response.Max()))
			}
			t.Rows = append(t.Rows, append(row, slowest, format.Count(w.Failed), format.Count(w.Censored)))
		}
	}
	return t
}

func longest(lanes []lane) int {
	n := 0
	for _, l := range lanes {
		n = max(n, len(l.windows))
	}
	return n
}
