package stats

import (
	"fmt"

	"servebench/reports/format"
)

// Says is the gate in one line, without its verdict, target and phase: "p99 response
// time 61.2 ms [58.0, 66.1] ms, limit ≤ 50 ms, n 12,000: the whole interval lies above
// the limit".
func (g Gate) Says() string {
	s := g.Metric + " " + g.Observed
	if g.Interval != "" {
		s += " " + g.Interval
	}
	s += ", limit " + g.Limit
	if g.N > 0 {
		s += ", n " + g.Sample()
	}
	if g.Why != "" {
		s += ": " + g.Why
	}
	return s
}

// Says is the comparison in one line, without its verdict and phase: "p50 +23.0 %
// [+12.1, +29.9] %, 907 µs against 726 µs, p 0.00049, 11 pairs: it is surely worse".
func (m ABMetric) Says() string {
	if len(m.Pairs) == 0 {
		return m.Name + ": " + m.Why
	}
	baseline, candidate := m.Typical()
	s := m.Name + " " + format.Change(m.Ratio)
	figures := fmt.Sprintf(", %s against %s", m.FormatFigure(candidate), m.FormatFigure(baseline))
	if bounds := m.Bounds(); bounds != "" {
		s += " " + bounds + figures + ", p " + format.Number(m.P)
	} else { // there was no interim analysis yet
		s += figures
	}
	s += fmt.Sprintf(", %d pairs", len(m.Pairs))
	if m.Why != "" {
		s += ": " + m.Why
	}
	return s
}

// Says is the comparison in one line, without its verdict and phase: "error rate 2 %
// against 0.1 %, n 4,000 and 4,000, p 0.0003".
func (e ABErrors) Says() string {
	s := fmt.Sprintf("error rate %s against %s, n %s and %s, p %s",
		format.Percent(e.Candidate.Value), format.Percent(e.Baseline.Value),
		format.Count(e.Candidate.N), format.Count(e.Baseline.N), format.Number(e.P))
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}
