package arrivals

import (
	"math"
	"time"
)

// MostPerLine is the most arrivals that a line of a trace of counts may have: as many
// as may be due in its interval, or within a second where that is longer. Where the
// trace is scaled to a rate, it is as many as can be counted.
func MostPerLine(interval time.Duration, speed, scale, rate float64) int64 {
	if rate > 0 {
		return maxArrivals
	}
	if speed > 0 {
		interval = time.Duration(float64(interval) / speed)
	}
	most := MaxRate * max(interval, time.Second).Seconds()
	if scale > 0 {
		most /= scale
	}
	return int64(min(most, maxArrivals))
}

// measure adds up the counts within the duration. Of an interval that is cut, as
// large a part of its arrivals belongs to it.
func (r *replay) measure() {
	r.recorded, r.peak, r.most = 0, 0, 0
	second := float64(time.Second)
	window := max(1, int(second/r.interval())) // whole intervals
	var inWindow float64
	i := 0
	for start, count := range r.within {
		r.recorded += count
		r.peak = max(r.peak, count/min(r.interval(), float64(r.duration)-start)*second)
		if inWindow += count; i >= window {
			inWindow -= float64(r.Counts[i-window])
		}
		r.most = max(r.most, inWindow/max(1, r.interval()/second))
		i++
	}
}

// within yields the start of each interval, in nanoseconds, and the arrivals
// recorded in it, as far as the duration goes.
func (r *replay) within(yield func(start, count float64) bool) {
	width := r.interval()
	for i, count := range r.Counts {
		start := float64(i) * width
		left := float64(r.duration) - start
		if left <= 0 || !yield(start, float64(count)*min(left/width, 1)) {
			return
		}
	}
}

// stretches are the intervals with the arrivals that are replayed in each: up to
// the end of each interval, those recorded times the scale, rounded.
func (r *replay) stretches(yield func(stretch) bool) {
	width := r.interval()
	var recorded float64
	var before int64
	for start, count := range r.within {
		recorded += count
		upTo := int64(math.Round(recorded * r.scale))
		if !yield(stretch{start, min(width, float64(r.duration)-start), upTo - before}) {
			return
		}
		before = upTo
	}
}
