package proof

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestInterval(t *testing.T) {
	for _, tt := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		// SciPy: binomtest(k, n).proportion_ci(method="exact").
		{0, 10, 0, 0.30849710781876294},
		{10, 10, 0.6915028921812371, 1},
		{0, 300, 0, 0.012220974694296421},
		{7, 20, 0.1539092047845412, 0.5921885345328283},
	} {
		low, high := Rate{tt.k, tt.n}.Interval()
		if math.Abs(low-tt.low) > 1e-9 || math.Abs(high-tt.high) > 1e-9 {
			t.Errorf("%d of %d: %v to %v, want %v to %v", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// TestIntervalIsExact: at either end, what was seen or more of it has a probability of
// 2.5 %.
func TestIntervalIsExact(t *testing.T) {
	for _, r := range []Rate{{1, 5}, {3, 40}, {37, 40}, {96, 20_000}} {
		low, high := r.Interval()
		n := float64(r.N)
		more := 1 - distuv.Binomial{N: n, P: low}.CDF(float64(r.K-1))
		fewer := distuv.Binomial{N: n, P: high}.CDF(float64(r.K))
		if math.Abs(more-0.025) > 1e-6 || math.Abs(fewer-0.025) > 1e-6 {
			t.Errorf("%+v: %v to %v, with tails of %v and %v", r, low, high, more, fewer)
		}
	}
}

func TestValueOfNothing(t *testing.T) {
	if v := (Rate{}).Value(); v != 0 {
		t.Errorf("%v of no simulations, want 0", v)
	}
}
