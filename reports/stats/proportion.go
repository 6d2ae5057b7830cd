package stats

import (
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// z is the 97.5 % point of the normal distribution: 95 % two-sided.
	z = 1.959963984540054
	// unlikely is how seldom chance alone may produce what is called certain: the
	// upper tail that a 95 % two-sided interval leaves.
	unlikely = 0.025
	// clusterAlpha is how seldom rounds that are alike may look different. It is not
	// smaller, since a test before an interval has to find what would spoil the
	// interval: T. A. Bancroft, "On biases in estimation due to the use of preliminary
	// tests of significance", Annals of Mathematical Statistics 15 (1944). What it
	// finds wrongly makes an interval wider.
	clusterAlpha = 0.1
)

// ShareMethod says in one sentence how a share's interval is made, for captions.
const ShareMethod = "exact 95 % interval (Clopper and Pearson) of the requests; where rounds, or seconds in them, differ by more than chance (Pearson's χ², 10 %), of the fewer independent requests that tell as much (Korn and Graubard)"

// trials are the requests, or answers, of a cluster, and how many of them have what is
// counted.
type trials struct{ k, n int64 }

func (t trials) plus(u trials) trials { return trials{t.k + u.k, t.n + u.n} }

func sumTrials(all []trials) trials {
	var sum trials
	for _, t := range all {
		sum = sum.plus(t)
	}
	return sum
}

// newProportion is k of n that are independent of each other.
func newProportion(k, n int64) Proportion { return proportionOf(trials{k, n}, float64(n)) }

// proportionOf is a share that tells as much as one of so many independent trials. Its
// interval is exact: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial
// limits illustrated in the case of the binomial", Biometrika 26 (1934); that the tail of
// the binomial is a regularised incomplete beta function, which needs no whole numbers:
// NIST Digital Library of Mathematical Functions, 8.17.5. Without trials, and of a
// record that counts more than there are, it is the zero Proportion.
func proportionOf(t trials, effective float64) Proportion {
	if t.n <= 0 || t.k < 0 || t.k > t.n {
		return Proportion{}
	}
	p := Proportion{K: t.k, N: t.n, Value: float64(t.k) / float64(t.n), Effective: effective}
	p.Low, p.High = exact(p.Value, effective)
	return p
}

// exact is the interval of a share seen in n trials.
func exact(share, n float64) (low, high float64) {
	low, high = 0, 1
	k := share * n
	if share > 0 {
		low = mathext.InvRegIncBeta(k, n-k+1, unlikely)
	}
	if share < 1 {
		high = mathext.InvRegIncBeta(k+1, n-k, 1-unlikely)
	}
	return low, high
}

// clustered is the share of requests that come in rounds, and in these in blocks of
// time. Requests of a round share its server and its moment, those of a second its
// hiccups: where such clusters differ by more than chance, there are fewer independent
// requests than were sent, and the interval is that of the fewer. The level at which
// they are the fewest decides: how a server fares from round to round is told by rounds,
// and in a single round by its seconds alone.
//
// How often the interval misses the truth, and so how often a gate errs whose limit is
// the truth, is simulated in TestShareCoverage.
func clustered(rounds [][]trials) Proportion {
	var blocks, whole []trials
	for _, round := range rounds {
		blocks = append(blocks, round...)
		whole = append(whole, sumTrials(round))
	}
	return proportionOf(sumTrials(whole), min(effective(whole), effective(blocks)))
}

// effective is how many independent trials tell as much as those of the clusters: all of
// them ÷ the design effect, by which the variance of their share exceeds that of
// independent ones (L. Kish, Survey Sampling (1965), section 8.2; J. N. K. Rao and A. J.
// Scott, "A simple method for the analysis of clustered binary data", Biometrics 48
// (1992)), and fewer still since so few clusters do not tell the design effect exactly
// (E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small
// expected number of positive counts estimated from survey data", Survey Methodology 24
// (1998)). Clusters that differ by no more than chance are none: Pearson's χ².
func effective(clusters []trials) float64 {
	all := sumTrials(clusters)
	n, share := float64(all.n), float64(all.k)/float64(all.n)
	var m, off, squares float64
	for _, c := range clusters {
		if c.n == 0 {
			continue
		}
		m++
		residual := float64(c.k) - share*float64(c.n)
		squares += residual * residual
		off += residual * residual / (float64(c.n) * share * (1 - share))
	}
	if m < 2 || all.k == 0 || all.k == all.n || (distuv.ChiSquared{K: m - 1}).Survival(off) >= clusterAlpha {
		return n
	}
	design := m / (m - 1) * squares / (n * share * (1 - share))
	t := studentT(m - 1)
	return n * min(1, z*z/(t*t*design))
}

// repeated is a share of answers, by round, to requests that come round again and again;
// distinct is how many examples there are, 0 when that is not known. Answers to the same
// request repeat each other.
func repeated(rounds []trials, distinct int64) Proportion {
	all, most := sumTrials(rounds), effective(rounds)
	if distinct > 0 {
		most = min(most, float64(distinct))
	}
	return proportionOf(all, most)
}
