package main

import (
	"fmt"
	"slices"
	"time"
)

// verdict says whether a goal holds in the medians.
type verdict struct {
	goal   string
	figure string // with the least and the most of the rounds
	holds  string // "holds", "misses" or why it is not known
}

// costGoals bound servebench's CPU per request, as a multiple of another tool's.
func costGoals() []struct {
	tool string
	most float64
} {
	return []struct {
		tool string
		most float64
	}{{"vegeta", 0.5}, {"bombardier", 1.15}, {"wrk", 1.6}}
}

// The goals of the open loops: how late servebench may be at which rate, and how
// much of the highest rate has to be held.
const (
	collapseRate = 20000
	leastHeld    = 0.999
)

func lagGoals() []struct {
	rate int
	most time.Duration
} {
	return []struct {
		rate int
		most time.Duration
	}{
		{1000, 150 * time.Microsecond}, {5000, 150 * time.Microsecond}, {10000, 250 * time.Microsecond},
	}
}

// own is servebench's name among the tools.
const own = "servebench"

// verdicts judges every goal of the kinds of load that were played.
func (c *comparison) verdicts() []verdict {
	var all []verdict
	if c.played(closed) {
		all = append(all, c.costVerdicts()...)
	}
	if c.played(open) {
		all = append(all, c.lagVerdicts()...)
	}
	return all
}

func (c *comparison) costVerdicts() []verdict {
	var all []verdict
	for _, method := range loads(closed, c.Span) {
		for _, g := range costGoals() {
			name := fmt.Sprintf("%s: CPU per request ≤ %.2f × %s", method.name, g.most, g.tool)
			s := spreadOf(c.ratios(method.name, g.tool))
			all = append(all, judge(name, s, s.median <= g.most, "×%s"))
		}
	}
	return all
}

func (c *comparison) lagVerdicts() []verdict {
	var all []verdict
	for _, g := range lagGoals() {
		for _, process := range []string{"constant", "poisson"} {
			name := fmt.Sprintf("%s/s, %s: lag p99 ≤ %s µs", thousands(int64(g.rate)), process, micro(g.most))
			s := spreadOf(c.lags(g.rate, process))
			all = append(all, judge(name, s, s.median <= microseconds(g.most), "%s µs"))
		}
	}
	s := spreadOf(c.figures(rateName(collapseRate), own, func(t trial) float64 { return 100 * t.Arrived.Held }))
	name := fmt.Sprintf("%s/s: at least %.1f %% of the rate held", thousands(collapseRate), 100*leastHeld)
	return append(all, judge(name, s, s.median >= 100*leastHeld, "%s %%"))
}

// played reports whether there are trials of a kind of load.
func (c *comparison) played(kind string) bool {
	return slices.ContainsFunc(c.Trials, func(t trial) bool { return t.Kind == kind })
}

// judge makes a verdict of the rounds' figures, which unit is the format of.
func judge(goal string, s spread, holds bool, unit string) verdict {
	v := verdict{goal: goal, figure: fmt.Sprintf(unit, s.format(digits)), holds: "misses"}
	switch {
	case s.n == 0:
		v.figure, v.holds = absent, "not measured"
	case holds:
		v.holds = "holds"
	}
	return v
}

// ratios are servebench's CPU per request ÷ a tool's, of each round that has both.
func (c *comparison) ratios(load, tool string) []float64 {
	var all []float64
	for round := 1; round <= c.Rounds; round++ {
		mine, ok1 := c.trial(round, load, own)
		its, ok2 := c.trial(round, load, tool)
		if ok1 && ok2 {
			all = append(all, float64(mine.cost())/float64(its.cost()))
		}
	}
	return all
}

// lags are servebench's lags at a rate, in microseconds, of each round: as the
// server saw them where gaps are constant, else by its own account.
func (c *comparison) lags(rate int, process string) []float64 {
	if process == "constant" {
		return c.figures(rateName(rate), own, func(t trial) float64 { return microseconds(t.Arrived.P99) })
	}
	return c.figures(poissonName(rate), own, func(t trial) float64 { return microseconds(t.Reading.Lag.P99) })
}

// trial finds a trial that has figures.
func (c *comparison) trial(round int, load, tool string) (trial, bool) {
	for _, t := range c.Trials {
		if t.Round == round && t.Load == load && t.Tool == tool && t.Failed == "" {
			return t, true
		}
	}
	return trial{}, false
}

// figures returns a figure of every round that has it.
func (c *comparison) figures(load, tool string, of func(trial) float64) []float64 {
	var all []float64
	for round := 1; round <= c.Rounds; round++ {
		if t, ok := c.trial(round, load, tool); ok {
			all = append(all, of(t))
		}
	}
	return all
}
