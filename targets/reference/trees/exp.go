package trees

import "math"

// sigmoid returns 1/(1+e^−x).
func sigmoid(x float64) float64 { return 1 / (1 + exp(-x)) }

// Constants of exp: ln 2 in two parts, the first with trailing zeros, so that its
// product with a small whole number is exact.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
	expMax  = 700 // beyond it e^x leaves float64 soon, and sigmoid is 0 or 1
	expTerm = 13  // terms of the Taylor series: r^14/14! is below 2^-57 for |r| ≤ ln 2 / 2
)

// exp returns e^x, x cut off at ±700. math.Exp uses a fused multiply-add where
// the processor has one, which would give different models on different
// machines; this one rounds everywhere alike.
func exp(x float64) float64 {
	x = min(max(x, -expMax), expMax)
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*ln2High) - float64(k*ln2Low)
	sum := 1.0
	for i := expTerm; i > 0; i-- {
		sum = 1 + float64(sum*r)/float64(i)
	}
	return math.Ldexp(sum, int(k))
}
