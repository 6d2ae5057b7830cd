package main

import (
	"testing"
	"time"
)

// TestStallTruth compares with the closed form: of n requests, those that would be
// done in the stall are done at its end, so that from the worst down each is one gap
// better than the last; one in ten requests is among them, and the 99th percentile
// leaves one in ten of those above it.
func TestStallTruth(t *testing.T) {
	s := standardStall()
	gap := time.Second / time.Duration(s.rate)
	worst := s.length + s.service
	above := time.Duration(float64(s.rate)*s.duration.Seconds()) / 100
	if got, want := s.truth(0.99), worst-above*gap; (got - want).Abs() > gap {
		t.Errorf("p99 %v, want %v within a gap of %v", got, want, gap)
	}
	if got := s.truth(0.5); got != s.service {
		t.Errorf("p50 %v, want the service time %v", got, s.service)
	}
	if got := s.truth(1); (got - worst).Abs() > gap {
		t.Errorf("the most is %v, want %v within a gap", got, worst)
	}
}

func TestHeld(t *testing.T) {
	s := stall{service: 2, at: 100, length: 50}
	for arrived, want := range map[time.Duration]time.Duration{
		0: 2, 97: 2, 98: 52, 100: 50, 147: 3, 148: 2, 149: 2, 1000: 2,
	} {
		if got := s.held(arrived); got != want {
			t.Errorf("held %d when it arrives at %d, want %d", got, arrived, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []time.Duration{40, 10, 30, 20}
	for q, want := range map[float64]time.Duration{0: 10, 0.25: 10, 0.26: 20, 0.5: 20, 0.75: 30, 0.99: 40, 1: 40} {
		if got := quantile(values, q); got != want {
			t.Errorf("%g quantile is %d, want %d", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of nothing is %d", got)
	}
}
