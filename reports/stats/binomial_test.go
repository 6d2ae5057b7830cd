package stats

import (
	"math"
	"testing"
)

// TestSurelyMore holds the decision against the sum of the binomial itself.
func TestSurelyMore(t *testing.T) {
	for _, allowed := range []float64{0.5, 0.1, 0.01, 0.001} {
		for _, n := range []int64{1, 2, 10, 100, 400, 5000} {
			for k := range min(n, 60) + 1 {
				tail := 1.0
				for i := range k {
					tail -= math.Exp(lchoose(n, i) + float64(i)*math.Log(allowed) + float64(n-i)*math.Log1p(-allowed))
				}
				if math.Abs(tail-unlikely) < 1e-9 {
					continue // rounding decides
				}
				if got, want := surelyMore(k, n, allowed), tail < unlikely; got != want {
					t.Errorf("%d of %d over %v: %v, want %v: the tail is %v", k, n, allowed, got, want, tail)
				}
			}
		}
	}
	if surelyMore(0, 0, 0.01) || !surelyMore(400, 400, 0.01) {
		t.Error("the ends are wrong")
	}
}

func lchoose(n, k int64) float64 {
	lgamma := func(v int64) float64 { f, _ := math.Lgamma(float64(v) + 1); return f }
	return lgamma(n) - lgamma(k) - lgamma(n-k)
}
