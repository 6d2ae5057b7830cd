package figures

import (
	"servebench/reports/figures/chart"
)

// targets returns one entry for each target, with what the note adds to it.
func (v view) targets(dashed bool, note func(series) string) chart.Legend {
	var l chart.Legend
	for _, s := range v.series {
		e := chart.Entry{Text: s.label, Color: s.look.Color, Line: 2, Marker: s.look.Marker}
		if dashed {
			e.Dash = s.look.Dash
		}
		if note != nil {
			e.Text += note(s)
		}
		l = append(l, e)
	}
	return l
}
