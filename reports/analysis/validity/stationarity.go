package validity

import (
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
func nonstationary(s *Subject, row sample.Row) (finding, bool) {
	phase := s.Run.Phase(row.Phase)
	if !constantLoad(phase) || phase.Duration < leastStretch {
		return finding{}, false
	}
	chosen := sample.Pick(s.Measured, row.Target, row.Phase)
	if !slices.ContainsFunc(chosen, (*sample.Cell).KeptPace) {
		return finding{}, false // fellBehind tells of it
	}
	d, known := driftOf(phase, chosen)
	return d.finding(), known && d.matters()
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

func (d drift) finding() finding {
	slice := "a second"
	if d.of > time.Second {
		slice = format.Duration(d.of)
	}
	change := format.Percent(math.Abs(d.change))
	f := of(change+" slower", 0, "{slice}", slice, "{end}", format.Duration(d.end), "{rest}", format.Duration(d.rest))
	if d.change < 0 {
		f = f.as("faster")
		f.Figure = change + " faster"
	}
	return f
}
