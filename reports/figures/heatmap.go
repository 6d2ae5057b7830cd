package figures

import (
	"fmt"
	"image"
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
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
	var y chart.Span
	for _, l := range lanes {
		for _, w := range l.windows {
			y.AddTimes(w.response)
		}
	}
	if y.Empty() {
		f.Missing = noLatency
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

// heatTable holds the cells, with coarser bins and windows than drawn.
func heatTable(v view, lanes []lane, y chart.Span) Table {
	const rows = 30
	b := chart.BinsOver(y, 8)
	t := Table{Head: []string{"target", "round", "from, s", "to, s"}}
	for i := range b.N {
		t.Head = append(t.Head, fmt.Sprintf("%s–%s ms",
			format.Number(b.Edge(i)), format.Number(b.Edge(i+1))))
	}
	t.Head = append(t.Head, "slowest, ms", "failed", "censored")
	if longest(lanes) > rows {
		lanes = lanesOf(v.series, rows)
	}
	for i, l := range lanes {
		for _, w := range l.windows {
			row := []string{v.series[i].label, fmt.Sprint(w.round), chart.Plain(w.from), chart.Plain(w.to)}
			for _, n := range b.Count(w.response) {
				row = append(row, format.Count(n))
			}
			t.Rows = append(t.Rows, append(row, slowestText(w.response), format.Count(w.Failed), format.Count(w.Censored)))
		}
	}
	return t
}

func drawHeat(c draw.Canvas, p chart.Palette, v view, lanes []lane, y chart.Span) {
	b := chart.BinsOver(y, 60)
	y = chart.Span{Low: b.Edge(0), High: b.Edge(b.N)}
	most := int64(1)
	heats := make([]heat, len(lanes))
	for i, l := range lanes {
		heats[i] = heatOf(l, b)
		most = max(most, heats[i].most)
	}
	c = draw.Crop(c, 0, -6, 0, 0)
	colourBar(c, p, most)
	keys := chart.Legend{
		{Text: "slowest of a window", Color: p.Ink, Marker: chart.Circle},
		{Text: "failed or censored", Color: p.Alarm, Line: 3},
	}
	c = append(keys, floorEntry(p, v.floor(), y.Low)...).Draw(c, p)

	c = draw.Crop(c, titleWidth, 0, 0, 0)
	cols := columnsFor(len(lanes))
	rows := (len(lanes) + cols - 1) / cols
	var panels []*plot.Plot
	for i, l := range lanes {
		panel := timePanel(p, l, cols)
		chart.LogAxis(&panel.Y, y, (c.Max.Y-c.Min.Y)/vg.Length(rows)-60, 28)
		heats[i].most = most
		panel.Add(newFloorBand(p, v.series[i].row.Floor, false), heats[i],
			chart.Dots(l.slowest(responseTimes), chart.Circle, p.Ink, 1.3), rug{l, p}, separators{lane: l, palette: p})
		panels = append(panels, panel)
	}
	drawGrid(c, p, panels, cols, v.series, "response time, ms")
}

// heat is the matrix of one panel.
type heat struct {
	lane   lane
	bins   chart.Bins
	counts [][]int64 // window × bin
	most   int64     // the largest count of the figure
}

func heatOf(l lane, b chart.Bins) heat {
	h := heat{lane: l, bins: b}
	for _, w := range l.windows {
		counts := b.Count(w.response)
		h.counts = append(h.counts, counts)
		for _, n := range counts {
			h.most = max(h.most, n)
		}
	}
	return h
}

// pixels is how many pixels of the raster a cell is high, and at least wide:
// canvases interpolate between pixels, which must not blur whole cells.
const pixels = 6

// Plot implements plot.Plotter. The cells are one raster per round, because as
// vectors they are a hundred times larger.
func (h heat) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, _ := panel.Transforms(&c)
	for _, r := range h.lane.rounds {
		step := min(h.lane.width.Seconds(), r.to-r.from)
		// The last window of a round may be shorter than the others.
		cols := max(int((r.to-r.from)/step*pixels+0.5), 1)
		img := image.NewNRGBA(image.Rect(0, 0, cols, h.bins.N*pixels))
		for i, w := range h.lane.windows {
			if w.from >= r.from-1e-9 && w.from < r.to-1e-9 {
				h.paint(img, int((w.from-r.from)/step+0.5), h.counts[i])
			}
		}
		c.DrawImage(vg.Rectangle{
			Min: vg.Point{X: toX(r.from), Y: c.Min.Y}, Max: vg.Point{X: toX(r.to), Y: c.Max.Y}}, img)
	}
}

func (h heat) paint(img *image.NRGBA, col int, counts []int64) {
	for bin, n := range counts {
		if n == 0 {
			continue
		}
		colour := chart.Cividis(chart.LogShare(n, h.most))
		top := (h.bins.N - 1 - bin) * pixels
		for y := top; y < top+pixels; y++ {
			for x := col * pixels; x < min((col+1)*pixels, img.Rect.Dx()); x++ {
				img.SetNRGBA(x, y, colour)
			}
		}
	}
}

// colourBar explains the colours at the upper right.
func colourBar(c draw.Canvas, p chart.Palette, most int64) {
	const length, height = 120, 8
	sty := chart.Face(chart.Small, p.Ink)
	high := format.Count(most) + " answers per cell"
	if most == 1 {
		high = "1 answer per cell"
	}
	right := c.Max.X - sty.Width(high) - 6
	c.FillText(sty, vg.Point{X: right + 6, Y: c.Max.Y}, high)
	left := right - length
	if most > 1 {
		c.FillText(sty, vg.Point{X: left - 6 - sty.Width("1"), Y: c.Max.Y}, "1")
	}
	img := image.NewNRGBA(image.Rect(0, 0, length, 1))
	for x := range length {
		img.SetNRGBA(x, 0, chart.Cividis(max(float64(x)/(length-1), chart.LogShare(1, most))))
	}
	c.DrawImage(vg.Rectangle{
		Min: vg.Point{X: left, Y: c.Max.Y - height}, Max: vg.Point{X: right, Y: c.Max.Y}}, img)
}
