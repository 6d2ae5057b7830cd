package figures

import (
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/stats"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The room beside the data for names and for figures.
const (
	ratioNames   vg.Length = 150
	ratioFigures vg.Length = 130
)

func drawForest(c draw.Canvas, p chart.Palette, v view, groups []ratioGroup, lines int) {
	panel := chart.NewPanel(p)
	chart.LogAxis(&panel.X, ratioSpan(groups), c.Max.X-c.Min.X-ratioNames-ratioFigures, 56)
	panel.X.Label.Text = "ratio to " + label(v.analysis.Label(v.analysis.Reference))
	panel.Y.Min, panel.Y.Max = 0, float64(lines)
	panel.Y.Tick.Marker = plot.ConstantTicks(nil)
	panel.Y.Width = 0
	panel.Add(equality{p})
	rows := ratioRows(v, groups, lines)
	for _, r := range rows {
		panel.Add(r)
	}
	inner := draw.Crop(c, ratioNames, -ratioFigures, 0, 0)
	panel.Draw(inner)
	data := panel.DataCanvas(inner)
	for _, r := range rows {
		r.name(c, p, data.Y(panel.Y.Norm(r.y)))
	}
}

// ratioRows lists the lines of the figure from the top.
func ratioRows(v view, groups []ratioGroup, lines int) []ratioRow {
	y := float64(lines) - 0.5
	var rows []ratioRow
	for _, g := range groups {
		rows = append(rows, ratioRow{y: y, heading: meaning(g.metric)})
		y--
		for _, r := range g.ratios {
			rows = append(rows, ratioRow{y: y, ratio: r, label: label(v.analysis.Label(r.Target)), look: v.lookOf(r.Target)})
			y--
		}
	}
	return rows
}

// name writes what stands to the left and to the right of a line.
func (r ratioRow) name(c draw.Canvas, p chart.Palette, y vg.Length) {
	if r.heading != "" {
		bold := chart.BoldFace(chart.Small, p.Ink)
		bold.YAlign = draw.YCenter
		c.FillText(bold, vg.Point{X: c.Min.X, Y: y}, r.heading)
		return
	}
	sty := chart.Face(chart.Small, p.Ink)
	sty.YAlign = draw.YCenter
	c.FillText(sty, vg.Point{X: c.Min.X + 10, Y: y}, fit(r.label, ratioNames-20, sty.Width))
	text := ratioText(r.ratio.Value)
	if r.ratio.HasInterval {
		text += " " + ratioInterval(r.ratio)
	}
	c.FillText(sty, vg.Point{X: c.Max.X - ratioFigures + 12, Y: y}, text)
}

// ratioSpan is symmetric about 1, so that twice and half look alike.
func ratioSpan(groups []ratioGroup) chart.Span {
	widest := 1.1
	for _, g := range groups {
		for _, r := range g.ratios {
			for _, value := range []float64{r.Value, r.Low, r.High} {
				if value > 0 && !math.IsInf(value, 0) {
					widest = math.Max(widest, math.Max(value, 1/value))
				}
			}
		}
	}
	widest *= 1.08
	return chart.Span{Low: 1 / widest, High: widest}
}

func (v view) lookOf(target string) chart.Look {
	for _, s := range v.series {
		if s.row.Target == target {
			return s.look
		}
	}
	return chart.Look{Color: chart.Light().Ink}
}

// ratioRow is one line of the figure: a heading, or a ratio.
type ratioRow struct {
	y       float64
	heading string
	ratio   stats.Ratio
	label   string // the target's
	look    chart.Look
}

// Plot implements plot.Plotter.
func (r ratioRow) Plot(c draw.Canvas, panel *plot.Plot) {
	if r.heading != "" {
		return
	}
	toX, toY := panel.Transforms(&c)
	y := toY(r.y)
	if r.ratio.HasInterval {
		low := max(toX(r.ratio.Low), c.Min.X)
		high := min(toX(r.ratio.High), c.Max.X)
		sty := draw.LineStyle{Color: r.look.Color, Width: 1.6}
		c.StrokeLine2(sty, low, y, high, y)
		c.StrokeLine2(sty, low, y-3, low, y+3)
		c.StrokeLine2(sty, high, y-3, high, y+3)
	}
	estimate := r.look.Marker
	if !r.ratio.HasInterval {
		estimate = estimate.Hollow()
	}
	c.DrawGlyph(chart.Glyph(estimate, r.look.Color, 4), vg.Point{X: toX(r.ratio.Value), Y: y})
}

// equality is the line at 1.
type equality struct{ palette chart.Palette }

// Plot implements plot.Plotter.
func (e equality) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, _ := panel.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: e.palette.Ink, Width: 1}, toX(1), c.Min.Y, toX(1), c.Max.Y)
}
