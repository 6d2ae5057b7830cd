package arrivals

import (
	"slices"
	"testing"
	"time"
)

// TestPull hands out every due time, and then none.
func TestPull(t *testing.T) {
	for _, n := range []int{0, 1, block - 1, block, block + 1, 10 * block} {
		want := slices.Collect(newProcess(t, "constant", Config{Rate: 1000, Duration: 10 * time.Second}).Arrivals(rng(1)))[:n]
		next, stop := Pull(slices.Values(want))
		var got []time.Duration
		for due, ok := next(); ok; due, ok = next() {
			got = append(got, due)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d of %d due times, or others", len(got), n)
		}
		if _, ok := next(); ok {
			t.Errorf("%d: a due time after the last one", n)
		}
		stop()
	}
}

// TestPullEndsEarly ends the sequence with its reader.
func TestPullEndsEarly(t *testing.T) {
	ended := false
	next, stop := Pull(func(yield func(time.Duration) bool) {
		defer func() { ended = true }()
		for k := 0; yield(time.Duration(k)); k++ {
		}
	})
	for want := range time.Duration(3 * block) {
		if due, ok := next(); !ok || due != want {
			t.Fatalf("%v, %t, want %v", due, ok, want)
		}
	}
	if stop(); !ended {
		t.Error("the sequence goes on after stop")
	}
}
