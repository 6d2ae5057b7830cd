package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestPunctual has lags of a known kind come out as they were put in.
func TestPunctual(t *testing.T) {
	const rate, n = 1000, 3000
	planned := n * time.Second / rate
	for _, tc := range []struct {
		name string
		at   func(k int) time.Duration
		want punctuality
	}{
		{"on time", func(k int) time.Duration { return due(k, rate) }, punctuality{Held: 1}},
		{"all late alike", func(k int) time.Duration { return due(k, rate) + time.Second }, punctuality{Held: 1}},
		{"in clumps of ten", func(k int) time.Duration { return due(k-k%10+9, rate) },
			punctuality{Held: 1, P50: 4 * time.Millisecond, P99: 9 * time.Millisecond}},
		{"at half the rate", func(k int) time.Duration { return due(k, rate/2) },
			punctuality{Held: 0.5, P50: 1499 * time.Millisecond, P99: 2969 * time.Millisecond}},
		{"one in fifty late", func(k int) time.Duration { return due(k, rate) + lateEvery(k, 50, 500*time.Microsecond) },
			punctuality{Held: 1, P99: 500 * time.Microsecond}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var at []time.Duration
			for k := range n {
				at = append(at, tc.at(k))
			}
			slices.Sort(at)
			got := punctual(at, rate, planned)
			if got.P50 != tc.want.P50 || got.P99 != tc.want.P99 || math.Abs(got.Held-tc.want.Held) > 0.005 {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

// TestPunctualMissing has requests that never came lower the share held.
func TestPunctualMissing(t *testing.T) {
	var at []time.Duration
	for k := range 900 {
		at = append(at, due(k, 1000))
	}
	if got := punctual(at, 1000, time.Second).Held; got != 0.9 {
		t.Errorf("900 of 1,000 requests held %g of the rate", got)
	}
	if got := punctual(nil, 1000, time.Second); got != (punctuality{}) {
		t.Errorf("of no request: %+v", got)
	}
}

func due(k, rate int) time.Duration { return time.Duration(k) * time.Second / time.Duration(rate) }

// lateEvery returns how late the k-th is when one in n is, the first one not.
func lateEvery(k, n int, late time.Duration) time.Duration {
	if k%n == n-1 {
		return late
	}
	return 0
}
