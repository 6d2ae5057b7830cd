package proof

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// TestTrialsAreAsNoisyAsTold takes each kind of noise alone.
func TestTrialsAreAsNoisyAsTold(t *testing.T) {
	const n = 20_000
	for _, tt := range []struct {
		name            string
		noise           Noise
		mean, deviation float64
	}{
		{"none", Noise{}, 0, 0},
		{"drift", Noise{Drift: 0.08, Memory: 0.5}, 0, 0.08},
		{"trial", Noise{Trial: 0.03}, 0, 0.03},
		// The mean of ln u and its deviation, u from 1.1 to 1.6: by integration.
		{"burst", Noise{Burst: 1}, 0.29433, 0.10779},
		{"second", Noise{Second: 0.02}, math.Log(1.02), 0},
	} {
		m := newMachine(tt.noise, 1, 2)
		latencies := make([]float64, n)
		for i := range latencies {
			latencies[i] = m.trial(0, true)
		}
		mean, deviation := stat.MeanStdDev(latencies, nil)
		if math.Abs(mean-tt.mean) > 0.003 || math.Abs(deviation-tt.deviation) > 0.003 {
			t.Errorf("%s: mean %.4f, deviation %.4f, want %.4f and %.4f", tt.name, mean, deviation, tt.mean, tt.deviation)
		}
	}
}

// TestDriftIsHandedOn: trials next to each other correlate by the memory.
func TestDriftIsHandedOn(t *testing.T) {
	m := newMachine(Noise{Drift: 0.08, Memory: 0.9}, 1, 2)
	latencies := make([]float64, 50_000)
	for i := range latencies {
		latencies[i] = m.trial(0, false)
	}
	if r := stat.Correlation(latencies[1:], latencies[:len(latencies)-1], nil); math.Abs(r-0.9) > 0.01 {
		t.Errorf("correlation %.3f, want 0.9", r)
	}
}

// TestPairsAreBalanced: of each two rounds one has the candidate first, and not always
// the same one.
func TestPairsAreBalanced(t *testing.T) {
	m := newMachine(Noise{Second: 0.02}, 1, 2)
	next := m.rounds(0)
	firstLater := 0
	for range 200 {
		a, b := next(), next()
		if math.Abs(a+b) > 1e-12 || a == 0 {
			t.Fatalf("two rounds with differences %v and %v: the candidate was not first in one of them", a, b)
		}
		if a > 0 {
			firstLater++
		}
	}
	if firstLater < 60 || firstLater > 140 {
		t.Errorf("the candidate came later in the first of two rounds %d times of 200", firstLater)
	}
}
