package queueing

import "math"

// md1 is the waiting time in an M/D/1 queue, in units of the service time, as
// G. J. Franx gives it ("A simple solution for the M/D/c waiting time
// distribution", Operations Research Letters 29, 2001): for k−1 ≤ x < k,
//
//	P(W ≤ x) = e^(−ρ(k−x)) · Σ j=0…k−1 of Q(k−1−j) · (ρ(k−x))^j / j!
//
// where Q(m) is the probability that at most m wait. No term is negative, so
// that nothing cancels, unlike in Erlang's own sum.
type md1 struct {
	utilisation float64
	inSystem    []float64 // probability of so many in the system
	waiting     []float64 // Q: probability that at most so many wait
	more        []float64 // probability of more than so many arrivals during a service
}

func newMD1(utilisation float64) *md1 {
	d := &md1{utilisation: utilisation, inSystem: []float64{1 - utilisation}}
	d.grow()
	d.waiting = []float64{d.inSystem[0] + d.inSystem[1]}
	return d
}

// grow adds the next probability of inSystem, from the balance of what crosses
// between at most n and more, seen at departures: with A arrivals in a service,
//
//	p(n+1)·P(A=0) = p(0)·P(A>n) + Σ i=1…n of p(i)·P(A>n+1−i)
func (d *md1) grow() {
	n := len(d.inSystem) - 1
	for len(d.more) <= n {
		d.more = append(d.more, moreArrivals(d.utilisation, len(d.more)))
	}
	up := d.inSystem[0] * d.more[n]
	for i := 1; i <= n; i++ {
		up += d.inSystem[i] * d.more[n+1-i]
	}
	d.inSystem = append(d.inSystem, up*math.Exp(d.utilisation))
}

// moreArrivals is the probability of more than n Poisson arrivals, summed from
// its own terms, which do not cancel.
func moreArrivals(mean float64, n int) float64 {
	term := math.Exp(-mean)
	for i := 1; i <= n+1; i++ {
		term *= mean / float64(i)
	}
	sum := 0.0
	for i := n + 2; term > sum*1e-17; i++ {
		sum += term
		term *= mean / float64(i)
	}
	return sum
}

// atMostWaiting is Q(m).
func (d *md1) atMostWaiting(m int) float64 {
	for len(d.waiting) <= m {
		d.grow()
		d.waiting = append(d.waiting, d.waiting[len(d.waiting)-1]+d.inSystem[len(d.inSystem)-1])
	}
	return d.waiting[m]
}

// below is P(W ≤ x) for x ≥ 0.
func (d *md1) below(x float64) float64 {
	k := int(x) + 1
	d.atMostWaiting(k - 1)
	left := d.utilisation * (float64(k) - x)
	term, sum := math.Exp(-left), 0.0
	for j := range k {
		sum += term * d.waiting[k-1-j]
		term *= left / float64(j+1)
	}
	return sum
}

// quantile inverts below: the smallest x with P(W ≤ x) ≥ q, for q below 1.
func (d *md1) quantile(q float64) float64 {
	if q <= d.below(0) {
		return 0
	}
	low, high := 0.0, 1.0
	for d.below(high) < q {
		low, high = high, 2*high
	}
	for high-low > 1e-9*high {
		if middle := (low + high) / 2; d.below(middle) < q {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
