package figures

import (
	"fmt"
	"image"
	"math"

	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
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
	lanes := v.lanes(mostWindows)
	f := v.figure("heatmap", widthOf(lanes))
	var y chart.Span
	for _, l := range lanes {
		for _, w := range l.Windows {
			y.AddTimes(w.Response)
		}
	}
	if y.Empty() {
		return f
	}
	y = y.Padded(2)
	y.High *= math.Pow(y.High/y.Low, 0.1) // room for the rug and the rounds' names
	columns := min(len(lanes), 2)
	rows := (len(lanes) + columns - 1) / columns
	return f.Shows(56+182*vg.Length(rows), heatTable(v, lanes, y), func(c draw.Canvas, p chart.Palette) {
		b := chart.BinsOver(y, 60)
		y := chart.Span{Low: b.Edge(0), High: b.Edge(b.N)}
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
		c = append(keys, floorEntry(p, v.floor, y.Low, bandTop)...).Draw(c, p)
		c = draw.Crop(c, chart.TitleWidth, 0, 0, 0)
		var panels []*plot.Plot
		for i, l := range lanes {
			panel := l.panel(p, columns)
			chart.LogAxis(&panel.Y, y, (c.Max.Y-c.Min.Y)/vg.Length(rows)-60, 28)
			heats[i].most = most
			panel.Add(floorBand(p, v.series[i].row.Floor, false), chart.Mark(heats[i].draw),
				chart.Dots(l.points(slowest(responseTimes)), chart.Circle, p.Ink, 1.3), l.rug(p), l.separators(p, true, false))
			panels = append(panels, panel)
		}
		smallMultiples(v, panels, columns, "response time, ms").Draw(c, p)
	})
}

// heatTable holds the cells, with coarser bins and windows than drawn.
func heatTable(v view, lanes []lane, y chart.Span) *element.Table {
	const rows = 30
	b := chart.BinsOver(y, 8)
	titles := []string{"target", "round", "from, s", "to, s"}
	for i := range b.N {
		titles = append(titles, fmt.Sprintf("%s–%s ms", format.Number(b.Edge(i)), format.Number(b.Edge(i+1))))
	}
	return v.windowTable(lanes, rows, append(titles, "slowest, ms", "failed", "censored"), func(w sample.Window) []string {
		var row []string
		for _, n := range b.Count(w.Response) {
			row = append(row, format.Count(n))
		}
		return append(row, slowestText(w.Response), format.Count(w.Failed), format.Count(w.Censored))
	})
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
	for _, w := range l.Windows {
		counts := b.Count(w.Response)
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

// draw draws the cells as one raster per round, because as vectors they are a hundred
// times larger.
func (h heat) draw(a chart.Area) {
	for _, r := range h.lane.Rounds {
		step := min(h.lane.Width.Seconds(), r.To-r.From)
		// The last window of a round may be shorter than the others.
		cols := max(int((r.To-r.From)/step*pixels+0.5), 1)
		img := image.NewNRGBA(image.Rect(0, 0, cols, h.bins.N*pixels))
		for i, w := range h.lane.Windows {
			if w.From >= r.From-1e-9 && w.From < r.To-1e-9 {
				h.paint(img, int((w.From-r.From)/step+0.5), h.counts[i])
			}
		}
		a.DrawImage(vg.Rectangle{Min: vg.Point{X: a.X(r.From), Y: a.Min.Y}, Max: vg.Point{X: a.X(r.To), Y: a.Max.Y}}, img)
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
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: left, Y: c.Max.Y - height}, Max: vg.Point{X: right, Y: c.Max.Y}}, img)
}
