package stats

import (
	"fmt"
	"math"
	"slices"
	"time"

	"servebench/reports/record"
)

const (
	leastStretch = 8 * time.Second       // of a phase whose end is compared
	lastPart     = 0.25                  // of the phase is its end
	mostDrift    = 0.10                  // of the rest's median
	leastDrift   = 50 * time.Microsecond // smaller changes matter to nobody
	driftAlpha   = 0.01                  // of a change that chance explains
)

// drift is how the end of a phase differs from the rest of it.
type drift struct {
	rest, end time.Duration // medians over the slices of all rounds of their p50
	of        time.Duration // how long a slice is
	change    float64       // end ÷ rest − 1, the geometric mean over rounds
	chance    float64       // of so much by chance
}

// nonstationary tells of phases of a constant load whose last quarter is not like
// the rest: what is measured of them depends on how long they are.
func nonstationary(a *Analysis, cells []*cell) []Diagnostic {
	var all []Diagnostic
	for _, row := range a.Rows {
		phase := phaseNamed(a.Run, row.Phase)
		if !constantLoad(phase) || phase.Duration < leastStretch {
			continue
		}
		chosen := pick(cells, row.Target, row.Phase)
		if !slices.ContainsFunc(chosen, (*cell).keptPace) {
			continue // fellBehind tells of it
		}
		d, known := driftOf(phase, chosen)
		if known && d.matters() {
			all = append(all, d.diagnostic(row))
		}
	}
	return all
}

// constantLoad says that the mean rate does not change, or that of a closed loop is
// the target's own.
func constantLoad(p record.Phase) bool {
	return !p.Open || len(p.Steps) == 0 && evenArrivals(p.Arrivals)
}

func driftOf(phase record.Phase, cells []*cell) (drift, bool) {
	from := time.Duration((1 - lastPart) * float64(phase.Duration))
	var stretches []stretch
	var of time.Duration
	for _, c := range cells {
		if c.cutShort() {
			continue
		}
		if s := c.stretch(from); len(s.begin) > 0 && len(s.end) > 0 {
			stretches, of = append(stretches, s), max(of, c.slices[0].Length)
		}
	}
	d := newDrift(stretches)
	d.of = of
	return d, len(stretches) > 0
}

// stretch holds the medians of the slices that tell one.
func (c *cell) stretch(from time.Duration) stretch {
	var s stretch
	for i := range c.slices {
		part := &c.slices[i]
		n := part.response.total()
		if !Known(0.5, n) {
			continue
		}
		median := float64(part.response.at(rank(0.5, n)))
		if part.Start >= from {
			s.end = append(s.end, median)
		} else {
			s.begin = append(s.begin, median)
		}
	}
	return s
}

func newDrift(stretches []stretch) drift {
	var begin, end []float64
	var logs float64
	for _, s := range stretches {
		begin, end = append(begin, s.begin...), append(end, s.end...)
		logs += math.Log(max(median(s.end), 1)/max(median(s.begin), 1)) / float64(len(stretches))
	}
	return drift{
		rest: time.Duration(median(begin)), end: time.Duration(median(end)),
		change: math.Expm1(logs), chance: ranked(stretches),
	}
}

// median is the median of the values, the mean of the two in the middle; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// matters says that the change is beyond chance, and large enough to change what
// is concluded.
func (d drift) matters() bool {
	return d.chance < driftAlpha && math.Abs(d.change) > mostDrift && abs(int64(d.end-d.rest)) > int64(leastDrift)
}

func (d drift) diagnostic(row Row) Diagnostic {
	way := "slower"
	action := "run it longer to see where that ends, with the scenario soak: until then the figures depend on the phase's length"
	if d.change < 0 {
		way, action = "faster", "give it a longer warm-up, until the first seconds are like the last"
	}
	of := "a second"
	if d.of > time.Second {
		of = FormatDuration(d.of)
	}
	figure := fmt.Sprintf("%s %s", FormatPercent(math.Abs(d.change)), way)
	return Diagnostic{
		Rule: "stationarity", Target: row.Target, Phase: row.Phase,
		Figure: figure, Threshold: "within ±" + FormatPercent(mostDrift),
		Text: fmt.Sprintf("the last quarter of the phase was %s than the rest: median p50 of %s %s, before %s",
			figure, of, FormatDuration(d.end), FormatDuration(d.rest)),
		Action: action,
	}
}

// total is how many values the tally holds.
func (t tally) total() int64 {
	var n int64
	for _, b := range t {
		n += b.count
	}
	return n
}
