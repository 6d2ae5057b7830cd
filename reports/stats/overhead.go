package stats

import (
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Overhead splits what a request takes on each target into what the target costs,
// which is the time of a request whose model computes nothing, and the rest, the
// model: the same quantile with the real model less that one. A difference of
// quantiles is not the quantile of a difference.
type Overhead struct {
	Noop, Model record.Phase
	Base        string // the target that ratios divide by: the first with both phases
	Rows        []OverheadRow
}

// OverheadRow is the split of one target's quantile.
type OverheadRow struct {
	Target   string
	Q        float64
	Rounds   int  // in which the target, and the base, played both phases; 0: none
	Known    bool // there are answers enough in both phases for the quantile
	Overhead OverheadPart
	Model    OverheadPart
	Whole    time.Duration // Overhead + Model
}

// OverheadPart is one part of a split. Its interval and that of its ratio are there
// together, and only from four rounds on; see OverheadMethod.
type OverheadPart struct {
	Value       time.Duration // of a model below zero where the noise is larger
	HasInterval bool
	Low, High   time.Duration
	// ToldApart says that the part is more than nothing: its interval lies above
	// zero, or, where it has none, its value does.
	ToldApart bool
	// Ratio to the base's part; HasRatio is false where one of the two is not told
	// apart, and for the base itself.
	HasRatio         bool
	Ratio            float64
	HasRatioInterval bool
	RatioLow         float64
	RatioHigh        float64
}

// OverheadMethod says in one sentence how the intervals of the split are made.
const OverheadMethod = "95 % interval by bootstrap over rounds, the same rounds for both phases and both targets, its percentiles widened for few rounds (Hesterberg); " +
	"simulated, it holds the truth in about 95 of 100 cases from six rounds on, in 85 to 90 with four; none with fewer"

// OverheadBesideRatios says why a ratio of the split and that of a phase's quantile
// differ, where both are shown.
const OverheadBesideRatios = "× is of quantiles over all rounds together, with a bootstrap over rounds; " +
	"the ratios of each phase, elsewhere, are means of each round's own, with a t interval: so the two differ by a little"

// OverheadAdvice says what to do where a model is not told apart from nothing.
const OverheadAdvice = "more rounds, longer phases, or a larger data.batch, which gives the model more to do"

// fewOverheadRounds is how many rounds an interval of a split takes.
const fewOverheadRounds = 4

// newOverhead splits the quantiles of the scenario's two phases; nil when it names
// none or no target has both.
func newOverhead(run *record.Run, cells []*cell) *Overhead {
	asked := run.Scenario.Overhead
	if asked == nil {
		return nil
	}
	overhead := &Overhead{Noop: phaseOf(run, asked.Noop), Model: phaseOf(run, asked.Model)}
	for _, t := range run.Targets {
		own := overhead.rounds(cells, t.Name)
		if len(own) == 0 {
			continue
		}
		if overhead.Base == "" {
			overhead.Base = t.Name
		}
		for _, i := range []int{0, 2} {
			overhead.Rows = append(overhead.Rows, overhead.row(run, cells, t.Name, stat.Quantiles()[i]))
		}
	}
	if len(overhead.Rows) == 0 {
		return nil
	}
	return overhead
}

func phaseOf(run *record.Run, name string) record.Phase {
	for _, p := range run.Scenario.Phases {
		if p.Name == name {
			return p
		}
	}
	return record.Phase{Name: name}
}

// rounds are those in which a target played both phases.
func (t *Overhead) rounds(cells []*cell, target string) []int {
	var rounds []int
	model := pick(cells, target, t.Model.Name)
	for _, c := range pick(cells, target, t.Noop.Name) {
		if slices.ContainsFunc(model, func(m *cell) bool { return m.Round == c.Round }) {
			rounds = append(rounds, c.Round)
		}
	}
	return rounds
}

// row takes the rounds that the target shares with the base, so that they can be
// drawn together.
func (t *Overhead) row(run *record.Run, cells []*cell, target string, q float64) OverheadRow {
	base := t.rounds(cells, t.Base)
	shared := slices.DeleteFunc(t.rounds(cells, target), func(r int) bool { return !slices.Contains(base, r) })
	row := OverheadRow{Target: target, Q: q, Rounds: len(shared)}
	s := splitSample{
		overhead: roundSample(pick(cells, target, t.Noop.Name), shared), whole: roundSample(pick(cells, target, t.Model.Name), shared),
		baseOverhead: roundSample(pick(cells, t.Base, t.Noop.Name), shared), baseWhole: roundSample(pick(cells, t.Base, t.Model.Name), shared),
	}
	row.Known = stat.Known(q, min(s.overhead.Total, s.whole.Total))
	if !row.Known {
		return row
	}
	s.fill(&row, target == t.Base, seedOf(run, Row{Target: target, Phase: "tax"}))
	return row
}

// roundSample holds the response times of some rounds, each as one block.
func roundSample(cells []*cell, rounds []int) *stat.Sample {
	var all [][]stat.Tally
	for _, c := range cells {
		if !slices.Contains(rounds, c.Round) {
			continue
		}
		var seconds []stat.Tally
		for i := range c.slices {
			seconds = append(seconds, c.slices[i].response)
		}
		all = append(all, []stat.Tally{stat.Merge(seconds)})
	}
	return stat.NewSample(all)
}

// Row is the split of a target's quantile; false when there is none.
func (t *Overhead) Row(target string, q float64) (OverheadRow, bool) {
	i := slices.IndexFunc(t.Rows, func(r OverheadRow) bool { return r.Target == target && r.Q == q })
	if i < 0 {
		return OverheadRow{}, false
	}
	return t.Rows[i], true
}

// OverheadLine is what the targets cost, in one line: "at p50 the overhead is 306 µs on
// physical, ×1.1 on container"; "" where that is not known.
func (a *Analysis) OverheadLine() string {
	if a.Overhead == nil {
		return ""
	}
	base, known := a.Overhead.Row(a.Overhead.Base, stat.Quantiles()[0])
	if !known || !base.Known {
		return ""
	}
	line := "at p50 the overhead is " + format.Duration(base.Overhead.Value) + " on " + a.Label(base.Target)
	for _, r := range a.Overhead.Rows {
		if r.Q == base.Q && r.Overhead.HasRatio {
			line += ", ×" + format.Number(r.Overhead.Ratio) + " on " + a.Label(r.Target)
		}
	}
	return line
}
