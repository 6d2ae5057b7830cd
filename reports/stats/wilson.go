package stats

import "math"

// z is the 97.5 % point of the normal distribution: 95 % two-sided.
const z = 1.959963984540054

// newProportion is k of n with Wilson's score interval: E. B. Wilson, "Probable
// inference, the law of succession, and statistical inference", JASA 22 (1927).
// n = 0 gives the zero Proportion.
func newProportion(k, n int64) Proportion { return proportionOf(k, n, n) }

// proportionOf is k of n where only distinct of the n are independent: answers
// to the same request repeat each other. The interval is that of the same share
// of distinct trials.
func proportionOf(k, n, distinct int64) Proportion {
	if n <= 0 {
		return Proportion{}
	}
	share := float64(k) / float64(n)
	p := Proportion{K: k, N: n, Value: share}
	p.Low, p.High = wilson(share, float64(min(n, max(distinct, 1))))
	return p
}

// wilson is the interval of a share seen in n trials.
func wilson(share, n float64) (low, high float64) {
	centre := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	low, high = max(centre-half, 0), min(centre+half, 1)
	// At the ends the formula is exact but for rounding.
	if share == 0 {
		low = 0
	}
	if share == 1 {
		high = 1
	}
	return low, high
}

// repeated is a share of answers to requests that come round again and again;
// distinct is how many examples there are, 0 when that is not known.
func repeated(k, n, distinct int64) Proportion {
	if distinct <= 0 {
		return newProportion(k, n)
	}
	return proportionOf(k, n, distinct)
}
