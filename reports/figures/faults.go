package figures

import (
	"servebench/reports/analysis/failover"
	"servebench/reports/figures/chart"
)

// injected are the faults of a target in the view's phase, as they were injected.
func (v view) injected(target string) []failover.Case {
	if v.analysis.Failover == nil {
		return nil
	}
	var all []failover.Case
	for _, f := range v.analysis.Failover.Faults {
		if f.Target == target && f.Phase == v.phase.Name {
			all = append(all, f.Cases...)
		}
	}
	return all
}

// hasFaults says that faults were injected in the view's phase.
func (v view) hasFaults() bool {
	for _, s := range v.series {
		if len(v.injected(s.row.Target)) > 0 {
			return true
		}
	}
	return false
}

// faultEntry is the legend's for faults, if there are any.
func (v view) faultEntry(p chart.Palette) chart.Legend {
	if !v.hasFaults() {
		return nil
	}
	return chart.Legend{{Text: "fault injected, and as long as it lasts", Color: p.Alarm, Line: 1, Dash: dashed()}}
}

// faults mark when the faults of the i-th series were injected, and how long those lasted
// that were healed.
func (v view) faults(l lane, i int, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		for _, f := range v.injected(v.series[i].row.Target) {
			for _, r := range l.Rounds {
				if r.Round != f.Round {
					continue
				}
				from := r.From + f.At.Seconds()
				if f.Healed > 0 {
					a.Rect(chart.Faint(p.Alarm, 0.15), a.X(from), a.Min.Y, a.X(min(from+f.Healed.Seconds(), r.To)), a.Max.Y)
				}
				a.StrokeLine2(chart.Stroke(p.Alarm, 1, dashed()...), a.X(from), a.Min.Y, a.X(from), a.Max.Y)
			}
		}
	}
}
