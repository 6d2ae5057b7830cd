package drift

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// psi is the detector of that name.
type psi struct {
	profile  *Profile
	bins     []bins
	spending Spending
	looks    int
}

// NewPSI returns the detector psi. The statistic is the population stability index of a
// column, a pure number (PSI). Numbers are divided into ten bins of as many reference rows
// each; categories are bins of their own; missing values are one. Bins of which the window is
// expected to have, or the reference has, fewer than leastExpected rows are put together.
//
// The threshold is what chance alone exceeds as seldom as the level says (psiThreshold): unlike
// a fixed 0.1 or 0.25, it promises the same for every n. One tenth of the level is for what
// the reference has nothing of: numbers beyond its least and greatest, categories it lacks,
// missing values where it misses none. Where there are more of these than chance gives
// (mostUnseen) they are a bin of their own, and the threshold is what the most that chance gives
// would add to the index. Otherwise they count with the rarest bin.
func NewPSI(p *Profile, s Spending) WindowDetector {
	d := &psi{profile: p, spending: s}
	for _, c := range p.Columns {
		d.bins = append(d.bins, newBins(c))
	}
	return d
}

// Look implements WindowDetector.
func (d *psi) Look(window *Sample) Result {
	n := window.Len()
	if n < LeastRows {
		return Result{State: TooFew, N: n}
	}
	d.looks++
	alpha := d.spending.At(d.looks) / float64(len(d.bins))
	var findings []Finding
	for i, b := range d.bins {
		statistic, threshold := comparePSI(b.reference, b.count(window.column(i), n), d.profile.Rows, n, alpha)
		if threshold > 0 { // else the column has one value, and still has it
			findings = append(findings, Finding{Column: d.profile.Columns[i].Name, Statistic: statistic, Threshold: threshold, Drift: statistic > threshold, N: n})
		}
	}
	return judge(findings, n)
}

// unseenShare is the share of a column's level that is for what the reference has nothing of.
const unseenShare = 0.1

// comparePSI compares n rows of a window with m of the reference, by bin. The threshold is 0
// where all rows are in one.
func comparePSI(reference, window []int, m, n int, alpha float64) (statistic, threshold float64) {
	empty := 0
	for _, r := range reference {
		if r == 0 {
			empty++
		}
	}
	most := mostUnseen(empty, m, n, unseenShare*alpha)
	expected, actual, unseen := pool(reference, window, m, n, most)
	switch {
	case unseen > 0:
		return PSI(append(expected, 0), append(actual, unseen)), psiTerm(half(0)/float64(m), half(most)/float64(n))
	case len(expected) < 2:
		return 0, 0
	}
	return PSI(expected, actual), psiThreshold(expected, m, n, (1-unseenShare)*alpha)
}

// mostUnseen is how many rows of a window chance puts into one of so many bins that the
// reference has nothing in, but for a probability of at most alpha: that all k rows of a bin are
// among the n of the window and none among the m of the reference has at most a probability of
// (n/(n+m))ᵏ, since every order of the rows is as likely.
func mostUnseen(bins, m, n int, alpha float64) int {
	if bins == 0 {
		return 0
	}
	return int(math.Ceil(math.Log(alpha/float64(bins))/math.Log(float64(n)/float64(n+m)))) - 1
}

// psiThreshold is the index that chance alone exceeds with the probability alpha, where m rows
// of a reference in these bins and n of a window are of the same distribution.
//
// With N = nm/(n+m), PSI·N is about χ² distributed with B − 1 degrees of freedom, for B bins
// (B. Yurdakul, J. Naranjo, "Statistical properties of the population stability index", Journal
// of Risk Model Validation 14 (2020)). Far out, where the levels are, it is greater: where x is
// the quantile of χ², what is added here is the next term of the expansion in 1/N (of
// Cornish–Fisher's kind, as for the statistics of N. Cressie and T. R. C. Read, "Multinomial
// goodness-of-fit tests", Journal of the Royal Statistical Society B 46 (1984)). It follows from
// that of the likelihood ratio G, which is nearer to χ²: for zᵢ = (aᵢ − eᵢ)·√(N/eᵢ),
//
//	G = Σ zᵢ² − (t/3)·zᵢ³/√(Neᵢ) + (1+3t²)/24·zᵢ⁴/(Neᵢ)
//	PSI·N = Σ zᵢ² − (t/2)·zᵢ³/√(Neᵢ) + (1+3t²)/12·zᵢ⁴/(Neᵢ)
//
// with t = (m−n)/(m+n). Of the difference, the last term adds its mean over the sphere Σ zᵢ² = x,
// and the one before, whose mean is 0, a quarter of its variance.
func psiThreshold(expected []int, m, n int, alpha float64) float64 {
	b, inverse := float64(len(expected)), 0.0 // Σ 1/eᵢ
	for _, e := range expected {
		inverse += float64(m) / float64(e)
	}
	nu := b - 1
	scale := 1/float64(n) + 1/float64(m)
	t := float64(m-n) / float64(m+n)
	x := 2 * mathext.GammaIncRegInv(nu/2, 1-alpha) // the quantile of χ²
	bartlett := x / nu * (inverse - 1) / 6 * (scale - 1/float64(n+m))
	fourth := x * x / (nu * (nu + 2)) * 3 * (inverse - 2*b + 1)
	sixth := x * x * x / (nu * (nu + 2) * (nu + 4)) * (9*(inverse-b*b) + 6*(inverse-3*b+2))
	return scale * (x + bartlett + scale*((1+3*t*t)/24*fourth+t*t/36/4*sixth))
}

// leastExpected is of how many rows a bin is compared by itself: four times the usual five of a
// χ² test (W. G. Cochran, "Some methods for strengthening the common χ² tests", Biometrics 10
// (1954)), since PSI weighs by a logarithm and levels are far below 5 %.
const leastExpected = 20

// pool puts rare bins together, side by side and not by size, since bins that are small by
// chance would then meet; what is left over goes into the smallest of the others. Bins
// that are empty in the reference are unseen where the window has more than most rows in one,
// and are put to the first otherwise.
func pool(reference, window []int, m, n, most int) (expected, actual []int, unseen int) {
	enough := func(rows int) bool { return rows >= leastExpected && rows*n >= leastExpected*m }
	var rare, others []int
	few := 0
	for i, r := range reference {
		switch {
		case enough(r):
			others = append(others, i)
		case r > 0:
			rare = append(rare, i)
		case window[i] > most:
			unseen += window[i]
		default:
			few += window[i]
		}
	}
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(reference[a], reference[b]) })
	for _, i := range append(rare, others...) {
		last := len(expected) - 1
		if last < 0 || enough(expected[last]) {
			expected, actual = append(expected, reference[i]), append(actual, window[i])
			continue
		}
		expected[last] += reference[i]
		actual[last] += window[i]
	}
	if last := len(expected) - 1; last > 0 && !enough(expected[last]) {
		expected[last-1] += expected[last]
		actual[last-1] += actual[last]
		expected, actual = expected[:last], actual[:last]
	}
	actual[0] += few
	return expected, actual, unseen
}

// PSI is the population stability index of counts in the same bins:
//
//	Σ (aᵢ − eᵢ) · ln(aᵢ / eᵢ),
//
// where eᵢ and aᵢ are the shares of the expected and the actual rows in bin i. Of an empty bin
// half a row is assumed.
func PSI(expected, actual []int) float64 {
	e, a := shares(expected), shares(actual)
	sum := 0.0
	for i := range e {
		sum += psiTerm(e[i], a[i])
	}
	return sum
}

// psiTerm is what a bin adds to the index.
func psiTerm(e, a float64) float64 { return (a - e) * math.Log(a/e) }

func shares(counts []int) []float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	all := make([]float64, len(counts))
	for i, c := range counts {
		all[i] = half(c) / float64(n)
	}
	return all
}

// half is a count, and half a row of none.
func half(count int) float64 { return max(float64(count), 0.5) }
