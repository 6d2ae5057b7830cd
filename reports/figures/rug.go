package figures

import (
	"fmt"

	"servebench/reports/figures/chart"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
		c.FillPolygon(chart.Faint(r.palette.Alarm, strength), []vg.Point{
			{X: left, Y: c.Max.Y - 6}, {X: left, Y: c.Max.Y},
			{X: right, Y: c.Max.Y}, {X: right, Y: c.Max.Y - 6}})
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
