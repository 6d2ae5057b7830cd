package figures

import (
	"slices"
	"strings"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg/draw"
)

// saturated draws how many answers per second each target gives at which
// concurrency.
func saturated(a *stats.Analysis) Figure {
	cl := climb{load: "concurrency", result: "answers per second", floor: highestFloor(a)}
	f := Figure{
		Name:  "saturation",
		Title: "Throughput at most",
		Caption: "Above: right answers per second over the concurrency: how many workers there are, each of which waits for its answer; strokes are 95 % intervals. " +
			"Below: their response time, p50 solid, p99 dashed where there are enough answers: it is that of workers that wait, not of users who do not." +
			floorCaptionOf(cl.floor),
		Conditions: "Closed loop. " + warmUp(a.Run) + " Throughput: " + stats.SaturationMethod + ".",
		Height:     climbHeight,
		Data:       Table{Head: []string{"target", "phase", "concurrency", "answers/s", "95 % interval", "p50, ms", "p99, ms", "rounds"}},
	}
	looks := looksOf(a.Run)
	for _, s := range a.Saturated {
		line := ascent{label: label(a.Label(s.Target)), look: looks[s.Target]}
		for _, p := range s.Points {
			hold := footholdOf(float64(p.Concurrency), p.Rate, p.Row.Response)
			hold.low, hold.high = p.Low, p.High
			line.points = append(line.points, hold)
			if !slices.Contains(cl.tickAt, hold.load) {
				cl.tickAt = append(cl.tickAt, hold.load)
			}
			interval := "–"
			if p.HasInterval {
				interval = strings.Trim(format.Interval(p.Low, p.High), "[]")
			}
			f.Data.Rows = append(f.Data.Rows, []string{line.label, label(p.Phase), format.Count(int64(p.Concurrency)), format.RateNumber(p.Rate), interval,
				knownTime(p.Row.Response.Quantiles[0]), knownTime(p.Row.Response.Quantiles[2]), format.Count(int64(p.Rounds))})
		}
		cl.lines = append(cl.lines, line)
	}
	slices.Sort(cl.tickAt)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawClimb(c, p, cl) }
	return f
}

// highestFloor is that of all points.
func highestFloor(a *stats.Analysis) *stats.Floor {
	var highest *stats.Floor
	for _, s := range a.Saturated {
		for _, p := range s.Points {
			if f := p.Row.Floor; f != nil && (highest == nil || f.Quantiles[0] > highest.Quantiles[0]) {
				highest = f
			}
		}
	}
	return highest
}
