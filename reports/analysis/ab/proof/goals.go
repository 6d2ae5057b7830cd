package proof

import (
	"slices"

	"servebench/reports/record"
)

// Goal is what a rate of a cell of the gate has to keep to.
type Goal struct {
	Noise   string         `json:"noise"`
	Change  float64        `json:"change"`
	Verdict record.Verdict `json:"verdict"` // whose rate
	// Least and Most are the bounds of the rate, as fractions: 0 and 1 are none.
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
	Rate  Rate    `json:"rate"`
	State State   `json:"state"`
}

// State is what a rate says of a goal. A goal that the rate is far from takes few
// simulations, one that it is near to many.
type State string

// The states, from best to worst.
const (
	Holds     State = "holds"     // the interval of the rate lies within the goal
	Undecided State = "undecided" // it lies on both sides: more simulations would tell
	Misses    State = "misses"    // it lies beyond the goal, or there is no rate
)

// Judge holds the rates of the gate against its goals.
func (t *Table) Judge() {
	t.Goals, t.Pass = goals(), true
	for i := range t.Goals {
		g := &t.Goals[i]
		if k := slices.IndexFunc(t.Gate.Cells, func(c Cell) bool { return c.Noise == g.Noise && c.Change == g.Change }); k >= 0 {
			g.Rate = *t.Gate.Cells[k].rates()[g.Verdict]
		}
		g.State = g.state()
		t.Pass = t.Pass && g.State != Misses
	}
}

func (g *Goal) state() State {
	low, high := g.Rate.Interval()
	switch {
	case g.Rate.N == 0 || low > g.Most || high < g.Least:
		return Misses
	case low >= g.Least && high <= g.Most:
		return Holds
	}
	return Undecided
}

// goals are those of the gate.
func goals() []Goal {
	shared, dedicated := shared().Name, dedicated().Name
	return []Goal{
		{Noise: shared, Change: 0, Verdict: record.Fail, Most: 0.008},
		{Noise: dedicated, Change: 0, Verdict: record.Fail, Most: 0.008},
		{Noise: shared, Change: 0, Verdict: record.Inconclusive, Most: 0.06},
		{Noise: dedicated, Change: 0, Verdict: record.Inconclusive, Most: 0.06},
		{Noise: shared, Change: 0.05, Verdict: record.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: record.Pass, Most: 0.05},
		{Noise: dedicated, Change: 0.05, Verdict: record.Fail, Least: 0.95, Most: 1},
		{Noise: shared, Change: 0.10, Verdict: record.Fail, Least: 0.95, Most: 1},
		{Noise: shared, Change: 0.20, Verdict: record.Fail, Least: 0.99, Most: 1},
	}
}
