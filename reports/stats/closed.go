package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"servebench/reports/format"
	"servebench/reports/record"
)

// phaseNamed is the phase of that name; the zero Phase when there is none.
func phaseNamed(run *record.Run, name string) record.Phase {
	for _, p := range run.Scenario.Phases {
		if p.Name == name {
			return p
		}
	}
	return record.Phase{Name: name}
}

// concurrencyOf is that of a phase; 0 when it is an open loop.
func concurrencyOf(run *record.Run, phase string) int {
	if p := phaseNamed(run, phase); !p.Open {
		return p.Concurrency
	}
	return 0
}

// Rate is the load in requests per second: what was offered, or what a closed loop
// came to.
func (r Row) Rate() float64 {
	if r.Concurrency > 0 {
		return r.Achieved
	}
	return r.Offered
}

// Load says what was asked of the target: "200/s", or "concurrency 16" of a closed
// loop.
func (r Row) Load() string {
	if r.Concurrency > 0 {
		return FormatConcurrency(r.Concurrency)
	}
	return format.Rate(r.Offered)
}

// FormatConcurrency is "concurrency 16".
func FormatConcurrency(n int) string {
	return "concurrency " + format.Count(int64(n))
}

// FormatLoad says what a phase asks of a target and by which loop: "poisson
// arrivals, 200/s for 5 s, open loop", "steps from 200/s to 800/s for 40 s, open
// loop", "concurrency 16 for 10 s, think time 10 ms, exponential, closed loop".
func FormatLoad(p record.Phase) string {
	if p.Open {
		return fmt.Sprintf("%s for %s, open loop", arrivals(p), format.Duration(p.Duration))
	}
	text := fmt.Sprintf("%s for %s", FormatConcurrency(p.Concurrency), format.Duration(p.Duration))
	if p.Think != "" {
		text += ", think time " + p.Think
	}
	return text + ", closed loop"
}

// arrivals words the arrival process of an open loop with its rate.
func arrivals(p record.Phase) string {
	switch {
	case len(p.Steps) > 0:
		return fmt.Sprintf("%s from %s to %s", p.Arrivals, format.Rate(p.Steps[0].Rate), format.Rate(farthest(p.Steps).Rate))
	case evenArrivals(p.Arrivals):
		return p.Arrivals + " arrivals, " + format.Rate(p.Rate)
	}
	return p.Arrivals + ", " + format.Rate(p.Rate) + " on average"
}

// farthest is the step whose rate differs most from the first one's: the last one of
// a staircase, the height of a spike.
func farthest(steps []record.Step) record.Step {
	return slices.MaxFunc(steps, func(a, b record.Step) int {
		return cmp.Compare(math.Abs(a.Rate-steps[0].Rate), math.Abs(b.Rate-steps[0].Rate))
	})
}

// evenArrivals says that the mean rate of an arrival process does not change.
func evenArrivals(process string) bool {
	return slices.Contains([]string{"constant", "poisson", "gamma"}, process)
}
