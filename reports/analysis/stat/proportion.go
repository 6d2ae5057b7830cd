package stat

import (
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Proportion is a share of N with its 95 % interval (Clopper and Pearson). N = 0: not known.
type Proportion struct {
	K, N             int64
	Value, Low, High float64
	// Effective is how many independent ones tell as much: N, or fewer where they come
	// in clusters, or repeat each other.
	Effective float64
}

const (
	// z is the 97.5 % point of the normal distribution: 95 % two-sided.
	z = 1.959963984540054
	// Unlikely is how seldom chance alone may produce what is called certain: the
	// upper tail that a 95 % two-sided interval leaves.
	Unlikely = 0.025
	// clusterAlpha is how seldom rounds that are alike may look different. It is not
	// smaller, since a test before an interval has to find what would spoil the
	// interval: T. A. Bancroft, "On biases in estimation due to the use of preliminary
	// tests of significance", Annals of Mathematical Statistics 15 (1944). What it
	// finds wrongly makes an interval wider.
	clusterAlpha = 0.1
)

// Plus adds two clusters.
func (t Counts) Plus(u Counts) Counts { return Counts{t.K + u.K, t.N + u.N} }

// NewProportion is k of n that are independent of each other.
func NewProportion(k, n int64) Proportion { return proportionOf(Counts{k, n}, float64(n)) }

// proportionOf is a share that tells as much as one of so many independent trials. Its
// interval is exact: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial
// limits illustrated in the case of the binomial", Biometrika 26 (1934); that the tail of
// the binomial is a regularised incomplete beta function, which needs no whole numbers:
// NIST Digital Library of Mathematical Functions, 8.17.5. Without trials, and of a
// record that counts more than there are, it is the zero Proportion.
func proportionOf(t Counts, effective float64) Proportion {
	if t.N <= 0 || t.K < 0 || t.K > t.N {
		return Proportion{}
	}
	p := Proportion{K: t.K, N: t.N, Value: float64(t.K) / float64(t.N), Effective: effective}
	p.Low, p.High = Exact(p.Value, effective)
	return p
}

// Exact is the interval of a share seen in n trials.
func Exact(share, n float64) (low, high float64) {
	low, high = 0, 1
	k := share * n
	if share > 0 {
		low = mathext.InvRegIncBeta(k, n-k+1, Unlikely)
	}
	if share < 1 {
		high = mathext.InvRegIncBeta(k+1, n-k, 1-Unlikely)
	}
	return low, high
}

// Clustered is the share of requests that come in rounds, and in these in blocks of
// time. Requests of a round share its server and its moment, those of a second its
// hiccups: where such clusters differ by more than chance, there are fewer independent
// requests than were sent, and the interval is that of the fewer. The level at which
// they are the fewest decides: how a server fares from round to round is told by rounds,
// and in a single round by its seconds alone.
//
// How often the interval misses the truth, and so how often a gate errs whose limit is
// the truth, is simulated in TestShareCoverage.
func Clustered(rounds [][]Counts) Proportion {
	var blocks, whole []Counts
	for _, round := range rounds {
		blocks = append(blocks, round...)
		whole = append(whole, SumCounts(round))
	}
	return proportionOf(SumCounts(whole), min(effective(whole), effective(blocks)))
}

// effective is how many independent trials tell as much as those of the clusters: all of
// them ÷ the design effect, by which the variance of their share exceeds that of
// independent ones (L. Kish, Survey Sampling (1965), section 8.2; J. N. K. Rao and A. J.
// Scott, "A simple method for the analysis of clustered binary data", Biometrics 48
// (1992)), and fewer still since so few clusters do not tell the design effect exactly
// (E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small
// expected number of positive counts estimated from survey data", Survey Methodology 24
// (1998)). Clusters that differ by no more than chance are none: Pearson's χ².
func effective(clusters []Counts) float64 {
	all := SumCounts(clusters)
	n, share := float64(all.N), float64(all.K)/float64(all.N)
	var m, off, squares float64
	for _, c := range clusters {
		if c.N == 0 {
			continue
		}
		m++
		residual := float64(c.K) - share*float64(c.N)
		squares += residual * residual
		off += residual * residual / (float64(c.N) * share * (1 - share))
	}
	if m < 2 || all.K == 0 || all.K == all.N || (distuv.ChiSquared{K: m - 1}).Survival(off) >= clusterAlpha {
		return n
	}
	design := m / (m - 1) * squares / (n * share * (1 - share))
	t := studentT(m - 1)
	return n * min(1, z*z/(t*t*design))
}

// Repeated is a share of answers, by round, to requests that come round again and again;
// distinct is how many examples there are, 0 when that is not known. Answers to the same
// request repeat each other.
func Repeated(rounds []Counts, distinct int64) Proportion {
	all, most := SumCounts(rounds), effective(rounds)
	if distinct > 0 {
		most = min(most, float64(distinct))
	}
	return proportionOf(all, most)
}

// Counts are the requests, or answers, of a cluster, and how many of them have what is
// counted.
type Counts struct{ K, N int64 }

// SumCounts adds clusters.
func SumCounts(all []Counts) Counts {
	var sum Counts
	for _, t := range all {
		sum = sum.Plus(t)
	}
	return sum
}
