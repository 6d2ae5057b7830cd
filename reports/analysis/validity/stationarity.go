package validity

import (
	"fmt"
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
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
func nonstationary(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, row := range a.Rows {
		phase := a.Run.Phase(row.Phase)
		if !constantLoad(phase) || phase.Duration < leastStretch {
			continue
		}
		chosen := sample.Pick(a.Measured, row.Target, row.Phase)
		if !slices.ContainsFunc(chosen, (*sample.Cell).KeptPace) {
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
	return !p.Open || len(p.Steps) == 0 && sample.EvenArrivals(p.Arrivals)
}

func driftOf(phase record.Phase, cells []*sample.Cell) (drift, bool) {
	from := time.Duration((1 - lastPart) * float64(phase.Duration))
	var stretches []stat.Stretch
	var of time.Duration
	for _, c := range cells {
		if c.CutShort() {
			continue
		}
		if s := stretch(c, from); len(s.Begin) > 0 && len(s.End) > 0 {
			stretches, of = append(stretches, s), max(of, c.Seconds[0].Length)
		}
	}
	d := newDrift(stretches)
	d.of = of
	return d, len(stretches) > 0
}

// stretch holds the medians of the slices that tell one.
func stretch(c *sample.Cell, from time.Duration) stat.Stretch {
	var s stat.Stretch
	for i := range c.Seconds {
		part := &c.Seconds[i]
		n := part.Responses.Total()
		if !stat.Known(0.5, n) {
			continue
		}
		median := float64(part.Responses.At(stat.Rank(0.5, n)))
		if part.Start >= from {
			s.End = append(s.End, median)
		} else {
			s.Begin = append(s.Begin, median)
		}
	}
	return s
}

func newDrift(stretches []stat.Stretch) drift {
	var begin, end []float64
	var logs float64
	for _, s := range stretches {
		begin, end = append(begin, s.Begin...), append(end, s.End...)
		logs += math.Log(max(stat.Median(s.End), 1)/max(stat.Median(s.Begin), 1)) / float64(len(stretches))
	}
	return drift{
		rest: time.Duration(stat.Median(begin)), end: time.Duration(stat.Median(end)),
		change: math.Expm1(logs), chance: stat.RankTest(stretches),
	}
}

// matters says that the change is beyond chance, and large enough to change what
// is concluded.
func (d drift) matters() bool {
	return d.chance < driftAlpha && math.Abs(d.change) > mostDrift && abs(int64(d.end-d.rest)) > int64(leastDrift)
}

func (d drift) diagnostic(row sample.Row) record.Diagnostic {
	way := "slower"
	action := "run it longer to see where that ends, with the scenario soak: until then the figures depend on the phase's length"
	if d.change < 0 {
		way, action = "faster", "give it a longer warm-up, until the first seconds are like the last"
	}
	of := "a second"
	if d.of > time.Second {
		of = format.Duration(d.of)
	}
	figure := fmt.Sprintf("%s %s", format.Percent(math.Abs(d.change)), way)
	return record.Diagnostic{
		Rule: "stationarity", Target: row.Target, Phase: row.Phase,
		Figure: figure, Threshold: "within ±" + format.Percent(mostDrift),
		Text: fmt.Sprintf("the last quarter of the phase was %s than the rest: median p50 of %s %s, before %s",
			figure, of, format.Duration(d.end), format.Duration(d.rest)),
		Action: action,
	}
}
