package figures

import (
	"math"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// forest draws every target's ratio to the reference target, a group of lines for each
// metric.
func forest(v view) Figure {
	f := v.figure("forest", 0)
	groups, widest := map[string][]sample.Ratio{}, 1.1
	var metrics []string
	for _, r := range v.analysis.Ratios {
		if r.Phase != v.phase.Name || !(r.Value > 0) || math.IsInf(r.Value, 0) {
			continue
		}
		if groups[r.Metric] == nil {
			metrics = append(metrics, r.Metric)
		}
		groups[r.Metric] = append(groups[r.Metric], r)
		for _, end := range []float64{r.Value, r.Low, r.High} {
			if end > 0 && !math.IsInf(end, 0) {
				widest = max(widest, end, 1/end)
			}
		}
	}
	if len(metrics) == 0 {
		return f
	}
	l := chart.List{Names: 150, Figures: 130, Indent: 10, Room: 130, Gap: 12}
	for _, metric := range metrics {
		l.Lines = append(l.Lines, chart.ListLine{Name: meaning(metric), Heading: true})
		for _, r := range groups[metric] {
			figure := "×" + format.Number(r.Value) // as in the table
			if r.HasInterval {
				figure += " " + format.Interval(r.Low, r.High)
			}
			l.Lines = append(l.Lines, chart.ListLine{Name: nameOf(v.analysis, r.Target), Figure: figure, Mark: ratioMark(r, v.looks[r.Target])})
		}
	}
	return f.Shows(50+18*vg.Length(len(l.Lines)), nil, func(c draw.Canvas, p chart.Palette) {
		panel := chart.NewPanel(p)
		// Symmetric about 1, so that twice and half look alike.
		chart.LogAxis(&panel.X, chart.Span{Low: 1 / (widest * 1.08), High: widest * 1.08}, c.Max.X-c.Min.X-l.Names-l.Figures, 56)
		panel.X.Label.Text = "ratio to " + nameOf(v.analysis, v.analysis.Reference)
		panel.Add(chart.Mark(func(a chart.Area) { a.StrokeLine2(chart.Stroke(p.Ink, 1), a.X(1), a.Min.Y, a.X(1), a.Max.Y) }))
		l.Draw(c, p, panel)
	})
}

// meaning names a metric and which direction is better.
func meaning(metric string) string {
	switch {
	case slices.Contains([]string{"p50", "p90", "p99", "p99.9"}, metric):
		return metric + " response time: less is better"
	case metric == "goodput":
		return "goodput: more is better"
	}
	return metric
}

func ratioMark(r sample.Ratio, l chart.Look) func(chart.Area, float64) {
	return func(a chart.Area, middle float64) {
		y, estimate := a.Y(middle), l.Marker.Hollow()
		if r.HasInterval {
			estimate = l.Marker
			a.ErrorBar(chart.Stroke(l.Color, 1.6), max(a.X(r.Low), a.Min.X), min(a.X(r.High), a.Max.X), y)
		}
		a.DrawGlyph(chart.Glyph(estimate, l.Color, 4), vg.Point{X: a.X(r.Value), Y: y})
	}
}
