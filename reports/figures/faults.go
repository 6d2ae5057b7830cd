package figures

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"

	"gonum.org/v1/plot/vg"
)

// injected are the faults of a target in the view's phase that were injected.
func (v view) injected(target string) []failover.Fault {
	if v.analysis.Failover == nil {
		return nil
	}
	var all []failover.Fault
	for _, f := range v.analysis.Failover.Faults {
		if f.Target == target && f.Phase == v.phase.Name && len(f.Cases) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// faultKinds are the kinds of the faults in the view's phase, in the order of their times.
func (v view) faultKinds() []string {
	var all []string
	for _, s := range v.series {
		for _, f := range v.injected(s.row.Target) {
			if !slices.Contains(all, f.Kind) {
				all = append(all, f.Kind)
			}
		}
	}
	return all
}

// faultEntry is the legend's for faults, if there are any. Where they are of several kinds, it
// says which number at a line stands for which.
func (v view) faultEntry(p chart.Palette) chart.Legend {
	kinds := v.faultKinds()
	if len(kinds) == 0 {
		return nil
	}
	l := chart.Legend{{Text: "fault injected, and as long as it lasts", Color: p.Alarm, Line: 2, Dash: dotted()}}
	if len(kinds) > 1 {
		var numbered []string
		for i, kind := range kinds {
			numbered = append(numbered, fmt.Sprintf("%d %s", i+1, kind))
		}
		l[0].Text += ": " + strings.Join(numbered, ", ")
	}
	return l
}

// faults mark when the faults of the i-th series were injected, with the numbers of their kinds
// where there are several, and how long those lasted that were healed.
func (v view) faults(l lane, i int, p chart.Palette) chart.Mark {
	kinds := v.faultKinds()
	return func(a chart.Area) {
		for _, f := range v.injected(v.series[i].row.Target) {
			number := ""
			if len(kinds) > 1 {
				number = fmt.Sprint(slices.Index(kinds, f.Kind) + 1)
			}
			for _, c := range f.Cases {
				for _, r := range l.Rounds {
					if r.Round == c.Round {
						drawFault(a, r, c, number, p)
					}
				}
			}
		}
	}
}

func drawFault(a chart.Area, r sample.RoundSpan, c failover.Case, number string, p chart.Palette) {
	from := r.From + c.At.Seconds()
	if c.Lasted > 0 {
		a.Rect(chart.Faint(p.Alarm, 0.15), a.X(from), a.Min.Y, a.X(min(from+c.Lasted.Seconds(), r.To)), a.Max.Y)
	}
	a.StrokeLine2(chart.Stroke(p.Alarm, 2, dotted()...), a.X(from), a.Min.Y, a.X(from), a.Max.Y)
	if number != "" {
		a.FillText(chart.Face(7, p.Alarm), vg.Point{X: a.X(from) + 3, Y: a.Max.Y - 7}, number)
	}
}

// dotted is the line of a fault, which no limit has.
func dotted() []vg.Length { return []vg.Length{1.5, 2.5} }
