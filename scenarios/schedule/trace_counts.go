package schedule

import "math"

// measure adds up the counts within the duration. Of an interval that is cut, as
// large a part of its arrivals belongs to it.
func (r *replay) measure() {
	r.recorded, r.peak = 0, 0
	for start, count := range r.within {
		r.recorded += count
		r.peak = max(r.peak, count/min(r.interval(), float64(r.duration)-start)*1e9)
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
