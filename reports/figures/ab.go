package figures

import (
	"fmt"
	"math"

	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg/draw"
)

// abTest draws the pairs of every metric in the order in which they were played, and
// what each interim analysis made of them.
func abTest(a *stats.Analysis) Figure {
	f := Figure{
		Name:  "ab",
		Title: "Candidate against baseline, round by round",
		Caption: "Each point is one round: the candidate's figure divided by the baseline's, on a logarithmic scale; filled where the candidate " +
			"was played first. Bars are the estimate with its bounds at each interim analysis, an arrow a bound that does not exist. For times and CPU less " +
			"is better, for goodput more.",
		Conditions: stats.ABMethod + ".",
	}
	metrics := drawable(a.AB)
	if len(metrics) == 0 {
		f.Missing = "no round has figures of both variants to compare"
		return f
	}
	f.Height = abLegend + 26
	for range metrics {
		f.Height += abPanel
	}
	f.Data = abTable(a.Run, metrics)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawABTest(c, p, a, metrics) }
	return f
}

// drawable are the metrics that have pairs.
func drawable(d *stats.ABTest) []stats.ABMetric {
	var all []stats.ABMetric
	for _, m := range d.Metrics {
		if len(m.Pairs) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func abTable(run *record.Run, metrics []stats.ABMetric) Table {
	t := Table{Head: []string{"metric", "round", "played first", record.Baseline, record.Candidate, "change"}}
	for _, m := range metrics {
		name := metricName(run, m)
		for _, pair := range m.Pairs {
			first := record.Baseline
			if pair.CandidateFirst {
				first = record.Candidate
			}
			t.Rows = append(t.Rows, []string{name, fmt.Sprint(pair.Round), first,
				m.FormatFigure(pair.Baseline), m.FormatFigure(pair.Candidate), format.Change(pair.Candidate / pair.Baseline)})
		}
		for _, l := range m.Interims {
			m.Low, m.High = l.Low, l.High
			t.Rows = append(t.Rows, []string{name, fmt.Sprintf("interim analysis at round %d", l.Pairs), "–", "–", "–",
				format.Change(l.Ratio) + " " + m.Bounds()})
		}
	}
	return t
}

// metricName names a metric, with its phase where there are several.
func metricName(run *record.Run, m stats.ABMetric) string {
	measured := 0
	for _, p := range run.Scenario.Phases {
		if p.Measured {
			measured++
		}
	}
	if measured < 2 || m.Phase == "" {
		return m.Name
	}
	return m.Name + ", phase " + label(m.Phase)
}

// abSpan is the range of a metric's axis: all that is drawn and has an end.
func abSpan(m stats.ABMetric, limits []float64) chart.Span {
	var s chart.Span
	s.Add(1)
	for _, limit := range limits {
		s.Add(limit)
	}
	for _, pair := range m.Pairs {
		s.Add(pair.Candidate / pair.Baseline)
	}
	for _, l := range m.Interims {
		s.Add(l.Ratio)
		s.Add(l.Low)
		s.Add(l.High)
	}
	return s.Padded(1.1)
}

// abLimits are the ratios of margin and tolerance: of a metric of which less is worse
// they lie below 1.
func abLimits(m stats.ABMetric, plan *record.ABTest) (margin, tolerance float64) {
	margin, tolerance = 1+plan.Margin, 1+plan.Tolerance
	if m.Less {
		return 1 / margin, 1 / tolerance
	}
	return margin, tolerance
}

// lastPair is the last round that a metric has a pair of, or an interim analysis.
func lastPair(metrics []stats.ABMetric) float64 {
	last := 1
	for _, m := range metrics {
		for _, pair := range m.Pairs {
			last = max(last, pair.Round)
		}
		for _, l := range m.Interims {
			last = max(last, l.Pairs)
		}
	}
	return float64(last)
}

// unanswered says that some pair has no ratio that could be drawn.
func unanswered(metrics []stats.ABMetric) bool {
	for _, m := range metrics {
		for _, pair := range m.Pairs {
			if ratio := pair.Candidate / pair.Baseline; !(ratio > 0) || math.IsInf(ratio, 0) {
				return true
			}
		}
	}
	return false
}
