package document

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// capacity tells the capacity of each target, and the steps of its search.
func (b builder) capacity() []Section {
	results := &Table{Columns: append(words("target"), append(numbers("certified/s", "breaks at/s", "knee/s", "n", "probes", "attempts"), words("limited by")...)...), Keys: 1}
	times := capacity.TimeLimits(b.a.Run.Scenario.SLO)
	steps := &Table{Columns: slices.Concat(words("target", "step"), numbers("rate/s", "n"), stepTimes(times), numbers("goodput/s", "over limit", "CPU"), words("held")), Keys: 2}
	for _, s := range b.a.Capacity {
		name := Cell{Text: b.a.Label(s.Target), Target: s.Target}
		by := sentence.LimitedBy(s.LimitedBy)
		knee, bent := s.Curve.Knee()
		results.Rows = append(results.Rows, Row{Cells: []Cell{
			name, certified(s.Certified, s.Capped), orNone(s.Breaks > 0, format.RateNumber(s.Breaks)),
			orNone(bent, format.RateNumber(knee.Rate)), count(s.Requests), text(fmt.Sprint(s.Probes)), text(fmt.Sprint(s.Attempts)), orNone(by != "", by),
		}})
		for _, step := range s.Steps {
			steps.Rows = append(steps.Rows, Row{Cells: append([]Cell{name}, searchStep(step, times)...)})
		}
	}
	return []Section{
		{ID: "capacity", Title: "Capacity", Table: results, Notes: []string{format.Sentence(sentence.CapacityMethod), format.Sentence(sentence.KneeMethod)}},
		{ID: "capacity-steps", Title: "Steps of the search", Rank: Aside, Table: steps},
	}
}

// certified is a rate that is certified, "≥" it where no higher one was asked for.
func certified(rate float64, capped bool) Cell {
	c := orNone(rate > 0, format.RateNumber(rate))
	if capped && rate > 0 {
		c.Text = "≥ " + c.Text
	}
	return c
}

func searchStep(s capacity.SearchStep, times []search.Limit) []Cell {
	name := string(s.Kind)
	if s.Kind == record.Certify {
		name = fmt.Sprintf("%s %d, round %d", s.Kind, s.Attempt, s.Part)
	}
	worst, known := capacity.Over{}, false
	for _, o := range s.Over {
		if !known || o.Load() > worst.Load() {
			worst, known = o, true
		}
	}
	held := text(sentence.StepHeld(s))
	if s.Load() > 1 || s.Disturbed != "" {
		held.Tone = Bad
	}
	cells := []Cell{text(name), text(format.RateNumber(s.Rate)), count(s.Ledger.Sent)}
	if len(times) == 0 {
		cells = append(cells, millisecondsOrNone(s.P99 > 0, s.P99))
	}
	for _, l := range times {
		i := slices.IndexFunc(s.Over, func(o capacity.Over) bool { return o.Limit == l.Name })
		known := i >= 0 && s.Over[i].Time > 0
		cell := none()
		if known {
			cell = text(format.Milliseconds(s.Over[i].Time))
		}
		cells = append(cells, cell)
	}
	return append(cells,
		text(format.RateNumber(s.Goodput)),
		orNone(known, fmt.Sprintf("%s of %s", format.Percent(worst.Share), format.Percent(worst.Room))), orNone(s.CPU > 0, format.Percent(s.CPU)), held)
}

// stepTimes head the quantiles that the SLO limits; the p99 where it limits none.
func stepTimes(times []search.Limit) (all []Column) {
	for _, l := range times {
		all = append(all, numbers(sentence.TimeColumn(l.Name))...)
	}
	if all == nil {
		all = numbers("p99 ms")
	}
	return all
}

// curveTable is what the figure of a capacity draws.
func (b builder) curveTable() *Table {
	t := &Table{Columns: append(words("target"), append(numbers("rate/s", "n", "goodput/s", "latency ms", "mean ms"), words("")...)...), Keys: 2}
	for _, s := range b.a.Capacity {
		knee, bent := s.Curve.Knee()
		for _, l := range s.Curve.Levels {
			latency := orNone(l.Latency > 0, format.Milliseconds(l.Latency))
			if l.Rough {
				latency = faint("n too small")
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{
				{Text: b.a.Label(s.Target), Target: s.Target}, text(format.RateNumber(l.Rate)), count(l.N), text(format.RateNumber(l.Goodput)),
				latency, orNone(l.Mean > 0, format.Milliseconds(l.Mean)),
				text(sentence.LevelRemark(l, l.Rate == s.Certified, bent && l.Rate == knee.Rate)),
			}})
		}
	}
	return t
}

// curveQuantile is the quantile that the curves of a run have, and its limit; 0: none.
func (b builder) curveQuantile() (q float64, limit time.Duration) {
	if len(b.a.Capacity) == 0 {
		return 0, 0
	}
	return b.a.Capacity[0].Curve.Quantile, b.a.Capacity[0].Curve.Limit
}
