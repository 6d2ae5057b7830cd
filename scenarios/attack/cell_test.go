package attack

import (
	"math"
	"runtime"
	"testing"
	"time"
)

func TestLatencies(t *testing.T) {
	bounds := []float64{0, 1e-6, 1e-3, 1, math.Inf(1)}
	earlier := latencies{counts: []uint64{5, 5, 5, 0}, bounds: bounds}
	for _, c := range []struct {
		later    []uint64
		p99, max time.Duration
	}{
		{[]uint64{5, 5, 5, 0}, 0, 0},
		{[]uint64{104, 6, 5, 0}, time.Microsecond, time.Millisecond},
		{[]uint64{102, 8, 5, 0}, time.Millisecond, time.Millisecond},
		{[]uint64{5, 5, 6, 0}, time.Second, time.Second},
		{[]uint64{5, 5, 5, 1}, time.Second, time.Second}, // at least
	} {
		got := latencies{counts: c.later, bounds: bounds}.countedSince(earlier)
		if p99, most := got.quantile(0.99), got.quantile(1); p99 != c.p99 || most != c.max {
			t.Errorf("%v: p99 %v, most %v; want %v, %v", c.later, p99, most, c.p99, c.max)
		}
	}
}

// TestLatenciesOfTheRuntime expects a collection to show in both histograms.
func TestLatenciesOfTheRuntime(t *testing.T) {
	before := usageNow()
	runtime.GC()
	spent := usageNow().spentSince(before)
	if spent.pauseTimes.quantile(1) <= 0 || spent.sched.quantile(1) <= 0 || spent.cycles < 1 {
		t.Errorf("longest pause %v, longest wait for a thread %v, %d cycles; want all above 0",
			spent.pauseTimes.quantile(1), spent.sched.quantile(1), spent.cycles)
	}
}
