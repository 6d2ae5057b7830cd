package stats

import (
	"fmt"
	"math"
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

// Says is the comparison in one line, without its verdict and phase: "p50 ×1.18 [1.12,
// ∞), 590 µs against 500 µs, p 0.00098, 10 pairs".
func (m DuetMetric) Says() string {
	baseline, candidate := m.Typical()
	s := fmt.Sprintf("%s %s, %s against %s, p %s, %d pairs",
		m.Name, m.FormatBounds(), m.FormatFigure(candidate), m.FormatFigure(baseline), FormatNumber(m.P), len(m.Pairs))
	if m.Why != "" {
		s += ": " + m.Why
	}
	return s
}

// FormatBounds is the ratio with its bounds: "×1.18 [1.12, 1.25]", or "×1.18 [1.12, ∞)"
// where nothing bounds it from one side; the ratio alone where nothing does.
func (m DuetMetric) FormatBounds() string {
	ratio := "×" + measured(m.Ratio)
	switch below, above := m.Low > 0, !math.IsInf(m.High, 1) && m.High > 0; {
	case below && above:
		return ratio + " " + FormatInterval(m.Low, m.High)
	case below:
		return ratio + " [" + measured(m.Low) + ", ∞)"
	case above:
		return ratio + " (0, " + measured(m.High) + "]"
	}
	return ratio
}

// Says is the comparison in one line: "error rate 2 % against 0.1 %, n 4,000 and
// 4,000, p 0.0003".
func (e DuetErrors) Says() string {
	return fmt.Sprintf("error rate %s against %s, n %s and %s, p %s",
		FormatPercent(e.Candidate.Value), FormatPercent(e.Baseline.Value),
		FormatCount(e.Candidate.N), FormatCount(e.Baseline.N), FormatNumber(e.P))
}
