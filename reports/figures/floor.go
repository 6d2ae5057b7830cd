package figures

import (
	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The instrument's floor is drawn as a grey band: what lies in it is the
// instrument's own, not the server's.

// floorShade is the opacity of the band.
const floorShade = 0.22

// floor is the highest one of the targets: in an open loop they are all the same.
func (v view) floor() *sample.Floor {
	var highest *sample.Floor
	for _, s := range v.series {
		highest = higherFloor(highest, s.row.Floor)
	}
	return highest
}

func higherFloor(a, b *sample.Floor) *sample.Floor {
	if a == nil || b != nil && b.Quantiles[0] > a.Quantiles[0] {
		return b
	}
	return a
}

// floorTop is the highest quantile of a floor up to p99 that is known, in
// milliseconds, with its name; 0: none is.
func floorTop(f *sample.Floor) (top float64, name string) {
	if f == nil {
		return 0, ""
	}
	for i, q := range []float64{0.5, 0.9, 0.99} {
		if f.Quantiles[i] > 0 {
			top, name = chart.Milliseconds(f.Quantiles[i]), format.Quantile(q)
		}
	}
	return top, name
}

// floorCaption is what a caption says of the band; "" without one.
func floorCaption(v view) string { return floorCaptionOf(v.floor()) }

func floorCaptionOf(f *sample.Floor) string {
	_, name := floorTop(f)
	if name == "" {
		return ""
	}
	return " Grey: the floor up to its " + name + ", the latency of load generator, kernel and loopback alone at that rate."
}

// floorEntry explains the band; nothing without a floor. low is the end of the axis.
func floorEntry(p chart.Palette, f *sample.Floor, low float64) chart.Legend {
	top, name := floorTop(f)
	if name == "" {
		return nil
	}
	return floorBlock(p, top <= low, " ("+name+")")
}

func floorBlock(p chart.Palette, below bool, upTo string) chart.Legend {
	if below {
		upTo = ": below the axis"
	}
	return chart.Legend{{Text: "instrument's floor" + upTo, Color: chart.Faint(p.Muted, floorShade), Block: true}}
}

// floorBand fills an axis of latency from its beginning to the floor.
type floorBand struct {
	top      float64 // milliseconds; 0: there is no floor
	vertical bool    // the latency is on the x axis
	palette  chart.Palette
}

func newFloorBand(p chart.Palette, f *sample.Floor, vertical bool) floorBand {
	top, _ := floorTop(f)
	return floorBand{top, vertical, p}
}

// Plot implements plot.Plotter.
func (b floorBand) Plot(c draw.Canvas, panel *plot.Plot) {
	toX, toY := panel.Transforms(&c)
	area := c.Rectangle
	switch {
	case b.vertical && b.top > panel.X.Min:
		area.Max.X = min(toX(b.top), c.Max.X)
	case !b.vertical && b.top > panel.Y.Min:
		area.Max.Y = min(toY(b.top), c.Max.Y)
	default:
		return
	}
	chart.FillRect(c, chart.Faint(b.palette.Muted, floorShade), area.Min.X, area.Min.Y, area.Max.X, area.Max.Y)
}

// floorCurve fills a percentile plot up to the quantile curve of the floor.
type floorCurve struct {
	points  plotter.XYs // x = 1/(1−q), y in milliseconds
	palette chart.Palette
}

func newFloorCurve(p chart.Palette, f *sample.Floor) floorCurve {
	curve := floorCurve{palette: p}
	if f == nil {
		return curve
	}
	for i, x := range []float64{2, 10, 100, 1000} {
		if f.Quantiles[i] > 0 {
			curve.points = append(curve.points, plotter.XY{X: x, Y: chart.Milliseconds(f.Quantiles[i])})
		}
	}
	return curve
}

// widen makes room for the floor on the axis, unless it is so far below all data
// that this would squeeze them.
func (b floorCurve) widen(y *chart.Span) {
	const near = 10
	for _, pt := range b.points {
		if pt.Y > y.Low/near {
			y.Add(pt.Y)
		}
	}
}

// entry explains the band; nothing without one. low is the end of the axis.
func (b floorCurve) entry(low float64) chart.Legend {
	if len(b.points) == 0 {
		return nil
	}
	return floorBlock(b.palette, b.points[len(b.points)-1].Y <= low, "")
}

// floorCurveCaption is what the caption says of it; "" without one.
func floorCurveCaption(v view) string {
	if v.floor() == nil {
		return ""
	}
	return " Grey: the floor, the latency of load generator, kernel and loopback alone at that rate, up to the last quantile that calibration measured."
}

// Plot implements plot.Plotter.
func (b floorCurve) Plot(c draw.Canvas, panel *plot.Plot) {
	if len(b.points) == 0 {
		return
	}
	toX, toY := panel.Transforms(&c)
	height := func(y float64) vg.Length { return max(toY(y), c.Min.Y) }
	shape := []vg.Point{c.Min, {X: c.Min.X, Y: height(b.points[0].Y)}}
	for _, pt := range b.points {
		shape = append(shape, vg.Point{X: min(toX(pt.X), c.Max.X), Y: height(pt.Y)})
	}
	shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: c.Min.Y})
	c.FillPolygon(chart.Faint(b.palette.Muted, floorShade), shape)
}
