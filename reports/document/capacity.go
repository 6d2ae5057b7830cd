package document

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// capacity tells the capacity of each target, and the steps of its search.
func (b builder) capacity() []element.Section {
	results := &element.Table{Columns: append(element.Words("target"), append(element.Numbers("certified/s", "breaks at/s", "knee/s", "n", "probes", "attempts"), element.Words("limited by")...)...), Keys: 1}
	times := capacity.TimeLimits(b.a.Run.Scenario.SLO)
	steps := &element.Table{Columns: slices.Concat(element.Words("target", "step"), element.Numbers("rate/s", "n"), stepTimes(times), element.Numbers("goodput/s", "over limit", "CPU"), element.Words("held")), Keys: 2}
	for _, s := range b.a.Capacity {
		name := element.Cell{Text: b.a.Label(s.Target), Target: s.Target}
		by := sentence.LimitedBy(s.LimitedBy)
		knee, bent := s.Curve.Knee()
		results.Rows = append(results.Rows, element.Row{Cells: []element.Cell{
			name, certified(s.Certified, s.Capped), element.OrNone(s.Breaks > 0, format.RateNumber(s.Breaks)),
			element.OrNone(bent, format.RateNumber(knee.Rate)), element.Count(s.Requests), element.Text(fmt.Sprint(s.Probes)), element.Text(fmt.Sprint(s.Attempts)), element.OrNone(by != "", by),
		}})
		for _, step := range s.Steps {
			steps.Rows = append(steps.Rows, element.Row{Cells: append([]element.Cell{name}, searchStep(step, times)...)})
		}
	}
	return []element.Section{
		{ID: "capacity", Title: "Capacity", Table: results, Notes: []string{format.Sentence(sentence.CapacityMethod), format.Sentence(sentence.KneeMethod)}},
		{ID: "capacity-steps", Title: "Steps of the search", Rank: element.Aside, Table: steps},
	}
}

// certified is a rate that is certified, "≥" it where no higher one was asked for.
func certified(rate float64, capped bool) element.Cell {
	c := element.OrNone(rate > 0, format.RateNumber(rate))
	if capped && rate > 0 {
		c.Text = "≥ " + c.Text
	}
	return c
}

func searchStep(s capacity.SearchStep, times []search.Limit) []element.Cell {
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
	held := element.Text(sentence.StepHeld(s))
	if s.Load() > 1 || s.Disturbed != "" {
		held.Tone = element.Bad
	}
	cells := []element.Cell{element.Text(name), element.Text(format.RateNumber(s.Rate)), element.Count(s.Ledger.Sent)}
	if len(times) == 0 {
		cells = append(cells, element.MillisecondsOrNone(s.P99 > 0, s.P99))
	}
	for _, l := range times {
		i := slices.IndexFunc(s.Over, func(o capacity.Over) bool { return o.Limit == l.Name })
		known := i >= 0 && s.Over[i].Time > 0
		cell := element.None()
		if known {
			cell = element.Text(format.Milliseconds(s.Over[i].Time))
		}
		cells = append(cells, cell)
	}
	return append(cells,
		element.Text(format.RateNumber(s.Goodput)),
		element.OrNone(known, fmt.Sprintf("%s of %s", format.Percent(worst.Share), format.Percent(worst.Room))), element.OrNone(s.CPU > 0, format.Percent(s.CPU)), held)
}

// stepTimes head the quantiles that the SLO limits; the p99 where it limits none.
func stepTimes(times []search.Limit) (all []element.Column) {
	for _, l := range times {
		all = append(all, element.Numbers(sentence.TimeColumn(l.Name))...)
	}
	if all == nil {
		all = element.Numbers("p99 ms")
	}
	return all
}

// curveTable is what the figure of a capacity draws.
func (b builder) curveTable() *element.Table {
	t := &element.Table{Columns: append(element.Words("target"), append(element.Numbers("rate/s", "n", "goodput/s", "latency ms", "mean ms"), element.Words("")...)...), Keys: 2}
	for _, s := range b.a.Capacity {
		knee, bent := s.Curve.Knee()
		for _, l := range s.Curve.Levels {
			latency := element.OrNone(l.Latency > 0, format.Milliseconds(l.Latency))
			if l.Rough {
				latency = element.Muted("n too small")
			}
			t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{
				{Text: b.a.Label(s.Target), Target: s.Target}, element.Text(format.RateNumber(l.Rate)), element.Count(l.N), element.Text(format.RateNumber(l.Goodput)),
				latency, element.OrNone(l.Mean > 0, format.Milliseconds(l.Mean)),
				element.Text(sentence.LevelRemark(l, l.Rate == s.Certified, bent && l.Rate == knee.Rate)),
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
