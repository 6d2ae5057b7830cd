package chart

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		most      int
		want      []float64
	}{
		{21, 48, 5, []float64{25, 30, 40}},
		{1, 100, 10, []float64{1, 2, 5, 10, 20, 50, 100}},
		{0.9, 1100, 4, []float64{1, 10, 100, 1000}},
		{1e-3, 1e6, 5, []float64{1e-2, 1, 100, 1e4, 1e6}},
		{0.99, 1.01, 6, []float64{0.99, 0.995, 1, 1.005, 1.01}},
	} {
		got := LogSteps(test.low, test.high, test.most)
		if diff := cmp.Diff(test.want, got, cmp.Comparer(close6)); diff != "" {
			t.Errorf("ticks from %g to %g, at most %d (-want +got):\n%s", test.low, test.high, test.most, diff)
		}
	}
}

func close6(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b)) }

func TestTicksOfAnyRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		low := math.Pow(10, -9+18*rng.Float64())
		high := low * math.Pow(10, math.Pow(10, -3+4*rng.Float64()))
		most := 2 + rng.IntN(12)
		for name, values := range map[string][]float64{
			"logarithmic": LogSteps(low, high, most), "linear": RoundSteps(low, high, most),
		} {
			if len(values) > most || !slices.IsSorted(values) {
				t.Fatalf("%s ticks from %g to %g: %v, want at most %d, ascending", name, low, high, values, most)
			}
			for _, v := range values {
				if slack := (high - low) * 1e-6; v < low-slack || v > high+slack {
					t.Fatalf("%s tick %g outside %g to %g", name, v, low, high)
				}
			}
		}
		if LogSteps(low, high, most) == nil && high/low > 100 && most > 2 {
			t.Fatalf("no label from %g to %g", low, high)
		}
	}
}

func TestLogScaleBearsWhatIsNotAboveZero(t *testing.T) {
	for _, x := range []float64{0, -1} {
		if got := (logScale{}).Normalize(1, 10, x); got >= 0 {
			t.Errorf("Normalize(%g) = %g, want it below the axis", x, got)
		}
	}
	if got := (logScale{}).Normalize(1, 100, 10); !close6(got, 0.5) {
		t.Errorf("Normalize(10) = %g, want the middle of 1 to 100", got)
	}
}

func TestPlain(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.30000000000000004: "0.3", 2: "2", 10000: "10000", -0.5: "-0.5", 1e12: "1e+12", 1e-9: "1e-09",
	} {
		if got := Plain(v); got != want {
			t.Errorf("plain(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	var s Span
	for _, v := range []float64{0, -1, math.Inf(1), math.NaN()} {
		s.Add(v)
	}
	if !s.Empty() {
		t.Fatalf("%v took a value that a logarithm has no place for", s)
	}
	s.Add(5)
	if p := s.Padded(2); !(p.Low < 5 && p.High > 5 && p.High/p.Low >= 2) {
		t.Errorf("padded %v, want a factor of 2 about 5", p)
	}
}
