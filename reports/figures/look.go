package figures

import (
	"fmt"

	"servebench/reports/figures/chart"
	"servebench/reports/record"

	"gonum.org/v1/plot/vg/draw"
)

func looksOf(run *record.Run) map[string]chart.Look {
	var names []string
	for _, t := range run.Targets {
		names = append(names, t.Name)
	}
	return chart.Looks(names)
}

// Markers returns each target's marker in its colour as a small <svg> element,
// to stand before its name in a table.
func Markers(run *record.Run) (map[string][]byte, error) {
	marks := map[string][]byte{}
	for name, l := range looksOf(run) {
		svg, err := chart.SVG(10, 10, "", func(c draw.Canvas) {
			c.DrawGlyphNoClip(chart.Glyph(l.Marker, l.Color, 3.6), c.Center())
		})
		if err != nil {
			return nil, fmt.Errorf("draw the marker of %s: %w", name, err)
		}
		marks[name] = svg
	}
	return marks, nil
}
