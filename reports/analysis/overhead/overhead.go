// Package overhead splits the time of a request into what its target takes and what the
// model does, from two phases that differ in their models alone.
package overhead

import (
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Result splits what a request takes on each target into what the target costs,
// which is the time of a request whose model computes nothing, and the rest, the
// model: the same quantile with the real model less that one. A difference of
// quantiles is not the quantile of a difference.
type Result struct {
	Noop, Model record.Phase
	Base        string // the target that ratios divide by: the first with both phases
	Rows        []Row
}

// Row is the split of one target's quantile.
type Row struct {
	Target   string
	Q        float64
	Rounds   int  // in which the target, and the base, played both phases; 0: none
	Known    bool // there are answers enough in both phases for the quantile
	Overhead Part
	Model    Part
	Whole    time.Duration // Overhead + Model
}

// Part is one part of a split. Its interval and that of its ratio are there
// together, and only from four rounds on; see OverheadMethod.
type Part struct {
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

// Analyse splits the quantiles of the scenario's two phases; nil when it names
// none or no target has both.
func Analyse(run *record.Run, cells []*sample.Cell) *Result {
	asked := run.Scenario.Overhead
	if asked == nil {
		return nil
	}
	overhead := &Result{Noop: run.Phase(asked.Noop), Model: run.Phase(asked.Model)}
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

// fewOverheadRounds is how many rounds an interval of a split takes.
const fewOverheadRounds = 4

// rounds are those in which a target played both phases.
func (t *Result) rounds(cells []*sample.Cell, target string) []int {
	var rounds []int
	model := sample.Pick(cells, target, t.Model.Name)
	for _, c := range sample.Pick(cells, target, t.Noop.Name) {
		if slices.ContainsFunc(model, func(m *sample.Cell) bool { return m.Round == c.Round }) {
			rounds = append(rounds, c.Round)
		}
	}
	return rounds
}

// row takes the rounds that the target shares with the base, so that they can be
// drawn together.
func (t *Result) row(run *record.Run, cells []*sample.Cell, target string, q float64) Row {
	base := t.rounds(cells, t.Base)
	shared := slices.DeleteFunc(t.rounds(cells, target), func(r int) bool { return !slices.Contains(base, r) })
	row := Row{Target: target, Q: q, Rounds: len(shared)}
	s := splitSample{
		overhead: roundSample(sample.Pick(cells, target, t.Noop.Name), shared), whole: roundSample(sample.Pick(cells, target, t.Model.Name), shared),
		baseOverhead: roundSample(sample.Pick(cells, t.Base, t.Noop.Name), shared), baseWhole: roundSample(sample.Pick(cells, t.Base, t.Model.Name), shared),
	}
	row.Known = stat.Known(q, min(s.overhead.Total, s.whole.Total))
	if !row.Known {
		return row
	}
	// "tax" is only what the resamples are drawn from: another word would change them all.
	s.fill(&row, target == t.Base, sample.SeedOf(run, sample.Row{Target: target, Phase: "tax"}))
	return row
}

// roundSample holds the response times of some rounds, each as one block.
func roundSample(cells []*sample.Cell, rounds []int) *stat.Sample {
	var all [][]stat.Tally
	for _, c := range cells {
		if !slices.Contains(rounds, c.Round) {
			continue
		}
		var seconds []stat.Tally
		for i := range c.Seconds {
			seconds = append(seconds, c.Seconds[i].Responses)
		}
		all = append(all, []stat.Tally{stat.Merge(seconds)})
	}
	return stat.NewSample(all)
}

// Row is the split of a target's quantile; false when there is none.
func (t *Result) Row(target string, q float64) (Row, bool) {
	i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Target == target && r.Q == q })
	if i < 0 {
		return Row{}, false
	}
	return t.Rows[i], true
}
