package proof

import "servebench/reports/stats/paired"

// Goal is what a rate of a cell of the gate has to keep to.
type Goal struct {
	Noise   string
	Change  float64
	Verdict paired.Verdict // whose rate
	// Least and Most are the bounds of the rate, as fractions; a Most of 0 is none.
	Least, Most float64
}

// Rate returns the one in a table that the goal is of; false when there is none.
func (g Goal) Rate(t Table) (Rate, bool) {
	c, ok := t.Gate.Cell(g.Noise, g.Change)
	switch g.Verdict {
	case paired.Fail:
		return c.Fail, ok
	case paired.Pass:
		return c.Pass, ok
	}
	return c.Inconclusive, ok
}

// Holds reports whether the rate of the table keeps to the goal.
func (g Goal) Holds(t Table) bool {
	r, ok := g.Rate(t)
	return ok && r.Value() >= g.Least && (g.Most == 0 || r.Value() <= g.Most)
}

// Goals are those of the gate.
func Goals() []Goal {
	shared, dedicated := Shared().Name, Dedicated().Name
	return []Goal{
		{Noise: shared, Change: 0, Verdict: paired.Fail, Most: 0.008},
		{Noise: dedicated, Change: 0, Verdict: paired.Fail, Most: 0.008},
		{Noise: shared, Change: 0, Verdict: paired.Inconclusive, Most: 0.06},
		{Noise: dedicated, Change: 0, Verdict: paired.Inconclusive, Most: 0.06},
		{Noise: shared, Change: 0.05, Verdict: paired.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: paired.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: paired.Fail, Least: 0.95},
		{Noise: shared, Change: 0.10, Verdict: paired.Fail, Least: 0.95},
		{Noise: shared, Change: 0.20, Verdict: paired.Fail, Least: 0.99},
	}
}
