package proof

import "servebench/reports/record"

// Goal is what a rate of a cell of the gate has to keep to.
type Goal struct {
	Noise   string
	Change  float64
	Verdict record.Verdict // whose rate
	// Least and Most are the bounds of the rate, as fractions; a Most of 0 is none.
	Least, Most float64
}

// Rate returns the one in a table that the goal is of; false when there is none.
func (g Goal) Rate(t Table) (Rate, bool) {
	c, ok := t.Gate.Cell(g.Noise, g.Change)
	switch g.Verdict {
	case record.Fail:
		return c.Fail, ok
	case record.Pass:
		return c.Pass, ok
	}
	return c.Inconclusive, ok
}

// State is what a table says of a goal.
type State int

// The states, from best to worst.
const (
	Holds     State = iota // the interval of the rate lies within the goal
	Undecided              // it lies on both sides: more simulations would tell
	Misses                 // it lies beyond the goal, or there is no rate
)

// String is the state as it is printed.
func (s State) String() string { return [...]string{"holds", "undecided", "misses"}[s] }

// State returns what the table says of the goal, by the Interval of the rate. A goal
// that the rate is far from takes few simulations, one that it is near to many.
func (g Goal) State(t Table) State {
	r, ok := g.Rate(t)
	low, high := r.Interval()
	most := g.Most
	if most == 0 {
		most = 1
	}
	switch {
	case !ok || r.N == 0 || low > most || high < g.Least:
		return Misses
	case low >= g.Least && high <= most:
		return Holds
	}
	return Undecided
}

// Goals are those of the gate.
func Goals() []Goal {
	shared, dedicated := Shared().Name, Dedicated().Name
	return []Goal{
		{Noise: shared, Change: 0, Verdict: record.Fail, Most: 0.008},
		{Noise: dedicated, Change: 0, Verdict: record.Fail, Most: 0.008},
		{Noise: shared, Change: 0, Verdict: record.Inconclusive, Most: 0.06},
		{Noise: dedicated, Change: 0, Verdict: record.Inconclusive, Most: 0.06},
		{Noise: shared, Change: 0.05, Verdict: record.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: record.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: record.Fail, Least: 0.95},
		{Noise: shared, Change: 0.10, Verdict: record.Fail, Least: 0.95},
		{Noise: shared, Change: 0.20, Verdict: record.Fail, Least: 0.99},
	}
}
