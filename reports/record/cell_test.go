package record

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSortErrors(t *testing.T) {
	all := []ErrorCount{{Class: ErrorRefused, Count: 2}, {Class: ErrorTimeout, Count: 9}, {Class: ErrorClosed, Count: 2}}
	SortErrors(all)
	want := []ErrorCount{{Class: ErrorTimeout, Count: 9}, {Class: ErrorClosed, Count: 2}, {Class: ErrorRefused, Count: 2}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// sliced is a load of a length, in slices.
func sliced(length time.Duration, steps []Step) []Slice {
	var all []Slice
	for start := time.Duration(0); start < length; {
		end := min(SliceEnd(start, SliceLength(start), steps), length)
		all = append(all, Slice{Start: start, Length: end - start})
		start = end
	}
	return all
}

// TestSlicesOfALongLoad has a second for each slice in the first hour, never more than
// 1/720 of the load so far, and a month in no more slices than three hours have
// seconds.
func TestSlicesOfALongLoad(t *testing.T) {
	all := sliced(720*time.Hour, nil)
	if len(all) > 11_000 {
		t.Errorf("%d slices of a month", len(all))
	}
	for i, s := range all {
		if s.Start < time.Hour && s.Length != time.Second || s.Start >= time.Hour && s.Length > s.Start/720 {
			t.Fatalf("slice %d: %+v", i, s)
		}
		if s.Start%s.Length != 0 {
			t.Fatalf("slice %d: %+v begins at no multiple of its length, as a window of a figure does", i, s)
		}
	}
}

// TestSlicesOfSteps has no slice in two steps, and 30 in each of as many seconds.
func TestSlicesOfSteps(t *testing.T) {
	steps := []Step{{0, 7 * time.Second, 1}, {7 * time.Second, 100*time.Hour + time.Second, 1}, {100*time.Hour + 8*time.Second, time.Hour, 1}}
	in := make([]int, len(steps))
	for _, s := range sliced(110*time.Hour, steps) {
		for i, step := range steps {
			if end := step.Start + step.Duration; s.Start < end && s.End() > step.Start {
				in[i]++
				if s.Start < step.Start || s.End() > end {
					t.Errorf("slice %+v is in step %+v and in another", s, step)
				}
			}
		}
	}
	if in[0] != 7 || in[1] < slicesOfStep || in[2] < slicesOfStep {
		t.Errorf("%v slices in the steps", in)
	}
}
