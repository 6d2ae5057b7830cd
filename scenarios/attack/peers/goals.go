package main

import (
	"fmt"
	"time"
)

// verdict says whether a goal holds in the medians.
type verdict struct {
	goal   string
	figure string // with the least and the most of the rounds
	holds  string // "holds", "misses" or why it is not known
}

// verdicts judges every goal of the kinds of load that were played.
func (c *comparison) verdicts() []verdict {
	var all []verdict
	if c.played(closed) {
		all = append(all, c.costVerdicts()...)
	}
	if c.played(open) {
		all = append(all, c.lagVerdicts()...)
		all = append(all, c.rateVerdict())
	}
	return all
}

// costVerdicts bound servebench's CPU per request, as a multiple of another tool's.
func (c *comparison) costVerdicts() []verdict {
	var all []verdict
	for _, l := range loads(closed, c.Span) {
		for _, peer := range []struct {
			name string
			most float64
		}{{"vegeta", 0.5}, {"bombardier", 1.15}, {"wrk", 1.6}} {
			goal := fmt.Sprintf("%s: CPU per request ≤ %.2f × %s", l.name, peer.most, peer.name)
			s := spreadOf(c.costRatios(l.name, peer.name))
			all = append(all, judge(goal, s, s.median <= peer.most, "×%s"))
		}
	}
	return all
}

// costRatios are servebench's CPU per request ÷ a tool's, of each round that has both.
func (c *comparison) costRatios(load, tool string) []float64 {
	var all []float64
	for round := 1; round <= c.Rounds; round++ {
		ours, ok1 := c.trial(round, load, own)
		theirs, ok2 := c.trial(round, load, tool)
		if ok1 && ok2 {
			all = append(all, float64(ours.cost())/float64(theirs.cost()))
		}
	}
	return all
}

// lagVerdicts bound servebench's lag: as the server saw it where gaps are constant,
// else by its own account.
func (c *comparison) lagVerdicts() []verdict {
	var all []verdict
	for _, bound := range []struct {
		rate int
		most time.Duration
	}{
		{1000, 150 * time.Microsecond}, {5000, 150 * time.Microsecond}, {10000, 250 * time.Microsecond},
	} {
		for _, arrivals := range []struct {
			name, load string
			lag        func(trial) time.Duration
		}{
			{"constant", rateName(bound.rate), arrivedP99},
			{"poisson", poissonName(bound.rate), ownLagP99},
		} {
			goal := fmt.Sprintf("%s/s, %s: lag p99 ≤ %s µs", thousands(int64(bound.rate)), arrivals.name, micro(bound.most))
			s := c.microseconds(arrivals.load, own, arrivals.lag)
			all = append(all, judge(goal, s, s.median <= microseconds(bound.most), "%s µs"))
		}
	}
	return all
}

// minHeld is the least share of a rate that counts as held.
const minHeld = 0.999

// rateVerdict asks whether servebench held the highest rate.
func (c *comparison) rateVerdict() verdict {
	const rate = 20000
	s := spreadOf(c.figures(rateName(rate), own, func(t trial) float64 { return 100 * t.Arrived.Held }))
	goal := fmt.Sprintf("%s/s: at least %.1f %% of the rate held", thousands(rate), 100*minHeld)
	return judge(goal, s, s.median >= 100*minHeld, "%s %%")
}

// judge makes a verdict of the rounds' figures, which unit is the format of.
func judge(goal string, s spread, holds bool, unit string) verdict {
	v := verdict{goal: goal, figure: fmt.Sprintf(unit, s.format()), holds: "misses"}
	switch {
	case s.n == 0:
		v.figure, v.holds = absent, "not measured"
	case holds:
		v.holds = "holds"
	}
	return v
}
