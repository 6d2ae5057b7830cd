package arrivals

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// pieces is a process whose rate is constant over each of several stretches, with a
// fixed number of arrivals in each.
type pieces struct {
	shape     Shape
	stretches iter.Seq[stretch] // ascending; the same each time
	spread    spread
}

// stretch is a part of a load, in nanoseconds from its start.
type stretch struct {
	start, length float64
	arrivals      int64
}

// Shape implements Process.
func (p pieces) Shape() Shape { return p.shape }

// Arrivals implements Process.
func (p pieces) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	s := newSeed(rng)
	return func(yield func(time.Duration) bool) {
		from, last := s.source(), p.shape.Duration-1
		var before time.Duration
		for part := range p.stretches {
			more := p.spread(from, part.arrivals, func(x float64) bool {
				// Rounding must put no arrival before another one or on the end.
				due := max(before, min(time.Duration(part.start+x*part.length), last))
				before = due
				return yield(due)
			})
			if !more {
				return
			}
		}
	}
}

// newPieces makes the process of steps that follow each other from 0 on. The number of
// arrivals up to the end of each step is that of the rate's integral, rounded.
func newPieces(steps []Step, s spread) pieces {
	var expected float64
	var shape Shape
	parts := make([]stretch, len(steps))
	for i, step := range steps {
		expected += step.Rate * step.Duration.Seconds()
		upTo := int64(math.Round(expected))
		parts[i] = stretch{float64(step.Start), float64(step.Duration), upTo - shape.Arrivals}
		shape.Arrivals = upTo
		shape.Duration = step.Start + step.Duration
		shape.Peak = max(shape.Peak, step.Rate)
		if wholeSeconds(step.Start) {
			shape.Steps = append(shape.Steps, step)
		}
	}
	shape.Rate = expected / shape.Duration.Seconds()
	if len(shape.Steps) < len(steps) {
		shape.Steps = nil
	}
	return pieces{shape: shape, stretches: values(parts), spread: s}
}

func values(parts []stretch) iter.Seq[stretch] {
	return func(yield func(stretch) bool) {
		for _, part := range parts {
			if !yield(part) {
				return
			}
		}
	}
}

// onePiece is a process of constant rate.
func onePiece(c Config, s spread) pieces {
	shape := c.even()
	return pieces{shape: shape, stretches: values([]stretch{{0, float64(c.Duration), shape.Arrivals}}), spread: s}
}

func wholeSeconds(d time.Duration) bool { return d%time.Second == 0 }
