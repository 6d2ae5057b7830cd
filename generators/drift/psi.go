package drift

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
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
// each, and values below the least and above the greatest of these; categories are bins of
// their own; missing values are one. Bins of which the window is expected to have fewer than
// ten rows are compared as one, and so are those that the reference has nothing in.
//
// Where nothing has changed, PSI divided by 1/n + 1/m, for n rows of the window and m of the
// reference, is about χ² distributed with B − 1 degrees of freedom, for B bins (B. Yurdakul,
// J. Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
// Validation 14 (2020)). The threshold is that distribution's quantile times 1/n + 1/m:
// unlike a fixed 0.1 or 0.25, it promises the same for every n.
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
	m := d.profile.Rows
	scale := 1/float64(n) + 1/float64(m)
	var findings []Finding
	for i, b := range d.bins {
		expected, actual := pool(b.reference, b.count(window.column(i), n), n)
		if len(expected) < 2 {
			continue // a column of one value, which it still has
		}
		f := Finding{Column: d.profile.Columns[i].Name, Statistic: PSI(expected, actual), N: n}
		chi := distuv.ChiSquared{K: float64(len(expected) - 1)}
		f.P = chi.Survival(f.Statistic / scale)
		f.Threshold = scale * chi.Quantile(1-alpha)
		f.Drift = f.Statistic > f.Threshold
		findings = append(findings, f)
	}
	return judge(findings, n)
}

// leastExpected is of how many rows a bin is compared by itself: twice the usual five of a χ²
// test (W. G. Cochran, "Some methods for strengthening the common χ² tests", Biometrics 10
// (1954)), since PSI weighs by a logarithm.
const leastExpected = 10

// pool puts the smallest bins of the reference together until a window of n rows is expected
// to have enough of them. Those that are empty there, which hold what was never seen, are one
// of their own, left out where the window has nothing of the kind either.
func pool(reference, window []int, n int) (expected, actual []int) {
	var order []int
	m, unseen := 0, 0
	for i, r := range reference {
		if m += r; r > 0 {
			order = append(order, i)
		} else {
			unseen += window[i]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(reference[a], reference[b]) })
	before := 0
	for _, i := range order {
		last := len(expected) - 1
		if last < 0 || float64(before)*float64(n) >= leastExpected*float64(m) {
			expected, actual, before = append(expected, reference[i]), append(actual, window[i]), reference[i]
			continue
		}
		expected[last] += reference[i]
		actual[last] += window[i]
		before = expected[last]
	}
	if unseen > 0 {
		expected, actual = append(expected, 0), append(actual, unseen)
	}
	return expected, actual
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
		sum += (a[i] - e[i]) * math.Log(a[i]/e[i])
	}
	return sum
}

func shares(counts []int) []float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	all := make([]float64, len(counts))
	for i, c := range counts {
		all[i] = max(float64(c), 0.5) / float64(n)
	}
	return all
}
