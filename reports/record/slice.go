package record

import "time"

// Slice is a stretch of the schedule, by due time.
type Slice struct {
	Start     time.Duration `json:"start_ns"` // from the cell's Started
	Length    time.Duration `json:"length_ns"`
	Scheduled int64         `json:"scheduled"`
	Sent      int64         `json:"sent"`
	OK        int64         `json:"ok"`
	Failed    int64         `json:"failed"`
	Censored  int64         `json:"censored"`
	InFlight  int64         `json:"in_flight"` // most at once
}

// End is where the slice ends: the next one's Start.
func (s Slice) End() time.Duration { return s.Start + s.Length }

// SliceLength is how long slices are from a moment of a load on: a second in the
// first hour, and then up to 1/720 of the load so far, an hour at most, so that the
// record of a long load is not much longer than that of a short one.
func SliceLength(start time.Duration) time.Duration {
	return lengthUpTo(start.Truncate(time.Hour) / 720)
}

// lengthUpTo is the longest length of a slice that is no longer than most.
func lengthUpTo(most time.Duration) time.Duration {
	longest := time.Second
	for _, seconds := range []time.Duration{5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600} {
		if length := seconds * time.Second; length <= most {
			longest = length
		}
	}
	return longest
}

// slicesOfStep is how many slices a step has at least, if it is as many seconds long:
// what is known of a step's end is known to a slice.
const slicesOfStep = 30

// SliceEnd is where the slice ends that begins at start, of slices up to so long in a
// load with steps, if it has some: no slice belongs to two of them.
func SliceEnd(start, length time.Duration, steps []Step) time.Duration {
	for _, s := range steps {
		if end := s.Start + s.Duration; start >= s.Start && start < end {
			length = min(length, lengthUpTo(s.Duration/slicesOfStep))
			return min(start.Truncate(length)+length, end)
		}
	}
	return start.Truncate(length) + length
}
