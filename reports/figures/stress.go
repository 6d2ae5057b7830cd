package figures

import (
	"slices"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg/draw"
)

// stressed draws what came of each step of a phase; false for a phase without.
func stressed(v view) (Figure, bool) {
	if len(v.phase.Steps) == 0 {
		return Figure{}, false
	}
	f := Figure{
		Name:  v.name("steps"),
		Title: v.title("Where it broke"),
		Caption: "Above: right answers per second to the requests due in each step, those that came before 1 s after its end, over the rate that was due. Below: their response time, " +
			"p50 solid, p99 dashed where the step has enough answers. A star marks where a target broke: " + stats.StepMethod() + "." + floorCaption(v),
		Conditions: v.conditions(),
		Height:     climbHeight,
	}
	cl := climb{load: "requests due per second", result: "answered per second", floor: v.floor(), perfect: true}
	f.Data = Table{Head: []string{"target", "step, /s", "sent/s", "answered/s", "failed or censored", "p50, ms", "p99, ms", "n", "broke"}}
	for _, s := range v.series {
		a := ascent{label: s.label, look: s.look}
		for _, st := range v.stepsOf(s) {
			hold := footholdOf(st.Rate, st.Answered, st.Response)
			hold.broke = st.Broke > 0
			cl.breaks = cl.breaks || hold.broke
			a.points = append(a.points, hold)
			if !slices.Contains(cl.tickAt, st.Rate) {
				cl.tickAt = append(cl.tickAt, st.Rate)
			}
			f.Data.Rows = append(f.Data.Rows, []string{s.label, chart.Plain(st.Rate), format.RateNumber(st.Sent), format.RateNumber(st.Answered),
				format.Percent(st.ErrorRate().Value), knownTime(st.Response.Quantiles[0]), knownTime(st.Response.Quantiles[2]),
				format.Count(st.Ledger.Sent), inRounds(st.Broke, st.Rounds)})
		}
		cl.lines = append(cl.lines, a)
	}
	if len(f.Data.Rows) == 0 {
		f.Missing = "no step was begun"
		return f, true
	}
	slices.Sort(cl.tickAt)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawClimb(c, p, cl) }
	return f, true
}

// stepsOf are the steps of one target in the view's phase.
func (v view) stepsOf(s series) []stats.Step {
	for _, st := range v.analysis.Stepped {
		if st.Target == s.row.Target && st.Phase == v.phase.Name {
			return st.Steps
		}
	}
	return nil
}
