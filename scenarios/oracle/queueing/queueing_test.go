package queueing

import (
	"math"
	"testing"
	"time"
)

// TestMD1 compares with Erlang's sum, evaluated with 120 decimal digits
// (Python's mpmath), since it cancels:
//
//	P(W ≤ x) = (1−ρ) · Σ j=0…⌊x⌋ of (ρ(j−x))^j/j! · e^(−ρ(j−x))
func TestMD1(t *testing.T) {
	for utilisation, want := range map[float64][4]float64{
		0.5: {1, 2.51574484138, 4.336255957, 6.16838503096},
		0.7: {1.72975089109, 4.07708687311, 7.48549942896, 10.8943538244},
		0.9: {4.01304751931, 11.782504956, 22.8982373495, 34.0139697431},
	} {
		for i, q := range []float64{0.5, 0.9, 0.99, 0.999} {
			const service = 1_000_000 * time.Microsecond
			if got := MD1(q, service, utilisation); math.Abs(got.Seconds()-want[i]) > 2e-8*want[i] {
				t.Errorf("quantile %g at %g: %.10f services, want %.10f", q, utilisation, got.Seconds(), want[i])
			}
		}
	}
}

// TestMD1Mean compares the mean of the waiting time with that of Pollaczek and
// Khinchine, ρ/(2(1−ρ)) services.
func TestMD1Mean(t *testing.T) {
	for _, utilisation := range []float64{0.01, 0.3, 0.5, 0.7, 0.9, 0.95} {
		d := newMD1(utilisation)
		const step = 0.001
		mean := 0.0
		for x := step / 2; ; x += step { // P(W > x), whose integral is the mean
			above := 1 - d.below(x)
			mean += above * step
			if above < 1e-9 {
				break
			}
		}
		if want := utilisation / (2 * (1 - utilisation)); math.Abs(mean-want) > 1e-4*max(want, 0.01) {
			t.Errorf("mean wait at %g is %.6f services, want %.6f", utilisation, mean, want)
		}
	}
}

// TestMD1IsADistribution wants the distribution function to rise from 1 − ρ
// without a jump, also from one service time to the next.
func TestMD1IsADistribution(t *testing.T) {
	for _, utilisation := range []float64{0.05, 0.5, 0.9, 0.99} {
		d := newMD1(utilisation)
		if at0 := d.below(0); math.Abs(at0-(1-utilisation)) > 1e-12 {
			t.Errorf("nobody waits with probability %g at %g", at0, utilisation)
		}
		before := d.below(0)
		for x := 0.01; x < 60; x += 0.01 {
			p := d.below(x)
			if p < before-1e-12 || p > 1+1e-9 || p-before > 0.011*utilisation {
				t.Fatalf("P(W ≤ %.2f) = %g after %g at %g", x, p, before, utilisation)
			}
			before = p
		}
	}
}

func TestMM1(t *testing.T) {
	if got, want := MM1(0.5, 20*time.Millisecond, 0.5), 27725887*time.Nanosecond; got != want {
		t.Errorf("median %v, want ln 2 / (50/s − 25/s) = %v", got, want)
	}
	if got, want := MM1(1-math.Exp(-7), time.Second, 0.9), 70*time.Second; math.Abs(got.Seconds()-want.Seconds()) > 1e-6 {
		t.Errorf("7 means are %v, want %v", got, want)
	}
}

func TestStall(t *testing.T) {
	for q, want := range map[float64]time.Duration{
		0.5: 20 * time.Millisecond, 0.875: 20 * time.Millisecond,
		0.9: 220 * time.Millisecond, 0.99: 940 * time.Millisecond, 0.999: 1012 * time.Millisecond,
	} {
		if got := Stall(q, 20*time.Millisecond, time.Second, 8*time.Second); got != want {
			t.Errorf("quantile %g: %v, want %v", q, got, want)
		}
	}
}
