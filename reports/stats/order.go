package stats

import "gonum.org/v1/gonum/stat/distuv"

// orderRanks are the ranks of the order statistics, from 1, that hold the q
// quantile between them with a probability of at least 95 %, given n
// independent values: the number of values below the quantile is binomial
// (n, q). H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed. (2003),
// section 7.1. An upper rank of n+1 means that no value bounds it from above, a
// lower one of 0 that none does from below.
func orderRanks(q float64, n int64) (low, high int64) {
	below := distuv.Binomial{N: float64(n), P: q}
	const tail = 0.025
	// The largest low with P(X < low) ≤ tail.
	low = lastTrue(n+1, func(k int64) bool { return k == 0 || below.CDF(float64(k-1)) <= tail })
	// The smallest high with P(X ≥ high) ≤ tail.
	high = 1 + lastTrue(n+1, func(k int64) bool { return k == 0 || 1-below.CDF(float64(k-1)) > tail })
	return low, min(high, n+1)
}

// orderRanksOf are those among n values which tell as much as so many independent ones.
func orderRanksOf(q float64, n, independent int64) (low, high int64) {
	low, high = orderRanks(q, independent)
	if independent == n {
		return low, high
	}
	if high > independent {
		return low * n / max(independent, 1), n + 1
	}
	return low * n / independent, (high*n + independent - 1) / independent
}

// lastTrue is the last k in [0, n) for which holds, which is true up to some k
// and false from there on, is true.
func lastTrue(n int64, holds func(int64) bool) int64 {
	low, high := int64(0), n
	for high-low > 1 {
		middle := low + (high-low)/2
		if holds(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
