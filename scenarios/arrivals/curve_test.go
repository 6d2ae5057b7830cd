package arrivals

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestTimeChangeGivesExponentialGaps maps the arrivals of every process whose rate
// changes back through the integral of its rate: what comes out has to be a
// Poisson process of rate 1.
func TestTimeChangeGivesExponentialGaps(t *testing.T) {
	for _, e := range changing(Config{Rate: 2000, Duration: 30 * time.Second}) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			var gaps []float64
			var last float64
			for due := range newProcess(t, e.process, e.config).Arrivals(rng(3)) {
				at := e.expected(due)
				gaps = append(gaps, at-last)
				last = at
			}
			if d := ksDistance(gaps, func(x float64) float64 { return 1 - math.Exp(-x) }); d > ksLimit(len(gaps)) {
				t.Errorf("gaps are %.5f from exponential, want at most %.5f", d, ksLimit(len(gaps)))
			}
		})
	}
}

// TestConstantGapsFollowTheRate checks that with equal gaps the k-th arrival is
// where the integral of the rate is k, to the clock's unit.
func TestConstantGapsFollowTheRate(t *testing.T) {
	c := Config{Rate: 500, Duration: 10 * time.Second, Gaps: ConstantGaps}
	for _, e := range changing(c) {
		if e.process == "spike" {
			continue // its second piece begins anew
		}
		got := slices.Collect(newProcess(t, e.process, e.config).Arrivals(rng(1)))
		scale := e.expected(c.Duration) / float64(len(got))
		for k, due := range got {
			want := float64(k) * scale
			if low, high := e.expected(due-1), e.expected(due+2); want < low-1e-6 || want > high+1e-6 {
				t.Fatalf("%v: arrival %d at %v, where the integral is %.9f", e, k, due, e.expected(due))
			}
		}
	}
}

// TestSineStandsStill solves where the rate is 0 and Newton's method would leave
// the wave.
func TestSineStandsStill(t *testing.T) {
	w := wave{rate: 10, amplitude: 10, omega: 2 * math.Pi}
	inverse := w.inverse()
	for x := 0.0; x < 100; x += 0.001 {
		if got, _ := w.at(inverse(x)); math.Abs(got-x) > 1e-6 {
			t.Fatalf("Λ of the inverse of %v is %v", x, got)
		}
	}
}
