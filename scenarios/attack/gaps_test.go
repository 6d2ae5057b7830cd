package attack

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestGapsOfProcesses plans equal and exponential gaps, sends with noise, hands the
// stamps in in disorder, and expects the coefficients that the arrival processes have.
func TestGapsOfProcesses(t *testing.T) {
	const n = 100_000
	rng := rand.New(rand.NewPCG(1, 0))
	for _, c := range []struct {
		name          string
		gap           func() float64 // mean 1
		noise         float64
		planned, sent float64
	}{
		{"constant, punctual", func() float64 { return 1 }, 0, 0, 0},
		// The gap between two uniform delays of up to a gap has a variance of 1/6.
		{"constant, late by up to a gap", func() float64 { return 1 }, 1, 0, 1.0 / 6},
		{"Poisson, punctual", rng.ExpFloat64, 0, 1, 1},
		{"Poisson, late by up to two gaps", rng.ExpFloat64, 2, 1, 1 + 4.0/6},
	} {
		var all []stamps
		due := 0.0
		for range n {
			all = append(all, stamps{due: time.Duration(due * 1e6), sent: time.Duration((due + c.noise*rng.Float64()) * 1e6), state: right})
			due += c.gap()
		}
		g := inOrder{ring: newRing[stamps](0), gaps: new(gaps)}
		const apart = 500
		for from := 0; from < n; from += apart {
			for _, k := range rng.Perm(apart) {
				g.add(uint64(from+k), all[from+k])
			}
		}
		got := g.gaps.compare()
		if got.N != n-1 || math.Abs(got.Planned-c.planned) > 0.03 || math.Abs(got.Sent-c.sent) > 0.03 {
			t.Errorf("%s: %+v, want planned %.3g, sent %.3g of %d gaps", c.name, got, c.planned, c.sent, n-1)
		}
		if len(g.ring) != 512 {
			t.Errorf("%s: a ring of %d, want as many as were apart", c.name, len(g.ring))
		}
	}
}

// TestGapsSkipWhatWasNotSent counts no gap across a request that was not sent.
func TestGapsSkipWhatWasNotSent(t *testing.T) {
	g := inOrder{ring: newRing[stamps](0), gaps: new(gaps)}
	for k, state := range []stampState{right, abandoned, skipped, wrong, right} {
		g.add(uint64(k), stamps{due: time.Duration(k), sent: time.Duration(k), state: state})
	}
	if got := g.gaps.compare(); got.N != 2 || got.Sent != 0 {
		t.Errorf("%+v, want the two gaps between requests sent", got)
	}
}
