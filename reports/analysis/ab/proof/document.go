package proof

import (
	"fmt"
	"slices"
)

const schema = "servebench.prove/v2"

// Document is a Table as JSON. Rates and changes are fractions.
type Document struct {
	Schema      string         `json:"schema"`
	Simulations int            `json:"simulations"` // of each cell
	Cells       []CellDocument `json:"cells"`       // of the gate
	// Others are the designs that it is compared with.
	Others []DesignDocument `json:"others"`
	Goals  []GoalDocument   `json:"goals"` // what the gate has to keep to
	Pass   bool             `json:"pass"`  // no goal is missed: the exit code is 0
}

// GoalDocument is what a rate has to keep to; 0 and 1 are no bounds. The state is "holds",
// "undecided" or "misses", by the interval.
type GoalDocument struct {
	Noise   string  `json:"noise"`
	Change  float64 `json:"change"`
	Verdict string  `json:"verdict"` // whose rate
	Least   float64 `json:"least"`
	Most    float64 `json:"most"`
	Rate    float64 `json:"rate"`
	Low     float64 `json:"low"` // 95 %, Clopper–Pearson
	High    float64 `json:"high"`
	State   string  `json:"state"`
}

// DesignDocument is a design with its cells.
type DesignDocument struct {
	Design string         `json:"design"`
	Cells  []CellDocument `json:"cells"`
}

// CellDocument is a Cell.
type CellDocument struct {
	Noise            string  `json:"noise"`
	Change           float64 `json:"change"`
	Fail             float64 `json:"fail"`
	FailLow          float64 `json:"fail_low"` // 95 %, Clopper–Pearson; the next as well
	FailHigh         float64 `json:"fail_high"`
	Pass             float64 `json:"pass"`
	PassLow          float64 `json:"pass_low"`
	PassHigh         float64 `json:"pass_high"`
	Inconclusive     float64 `json:"inconclusive"`
	InconclusiveLow  float64 `json:"inconclusive_low"`
	InconclusiveHigh float64 `json:"inconclusive_high"`
	MeanPairs        float64 `json:"mean_pairs"`
}

// Document is the table as JSON.
func (t Table) Document() Document {
	d := Document{Schema: schema, Simulations: t.Simulations, Cells: t.Gate.document(), Pass: len(t.Missed()) == 0}
	for _, row := range t.Others {
		d.Others = append(d.Others, DesignDocument{row.Design, row.document()})
	}
	for _, g := range Goals() {
		d.Goals = append(d.Goals, g.document(t))
	}
	return d
}

func (g Goal) document(t Table) GoalDocument {
	rate, _ := g.Rate(t)
	goal := GoalDocument{
		Noise: g.Noise, Change: g.Change, Verdict: string(g.Verdict), Least: g.Least, Most: g.Most,
		Rate: rate.Value(), State: g.State(t).String(),
	}
	if g.Most == 0 {
		goal.Most = 1
	}
	goal.Low, goal.High = rate.Interval()
	return goal
}

func (r Row) document() []CellDocument {
	var all []CellDocument
	for _, c := range r.Cells {
		all = append(all, c.Document())
	}
	return all
}

// Document is the cell as JSON.
func (c Cell) Document() CellDocument {
	cell := CellDocument{
		Noise: c.Noise, Change: c.Change, Fail: c.Fail.Value(), Pass: c.Pass.Value(),
		Inconclusive: c.Inconclusive.Value(), MeanPairs: c.MeanPairs(),
	}
	cell.FailLow, cell.FailHigh = c.Fail.Interval()
	cell.PassLow, cell.PassHigh = c.Pass.Interval()
	cell.InconclusiveLow, cell.InconclusiveHigh = c.Inconclusive.Interval()
	return cell
}

// Missed are the goals that the gate misses, by the whole interval of their rate.
func (t Table) Missed() []Goal {
	return slices.DeleteFunc(Goals(), func(g Goal) bool { return g.State(t) != Misses })
}

// Candidate names a candidate by how much slower it is.
func Candidate(change float64) string {
	if change == 0 {
		return "same"
	}
	return fmt.Sprintf("+%g %%", 100*change)
}
