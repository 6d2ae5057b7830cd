package drift

import "math"

// ks is the detector of that name.
type ks struct {
	profile   *Profile
	reference [][]float64 // by column, ascending; nil of those that are not compared
	compared  int
	spending  Spending
	looks     int
}

// LeastDistance is the effect floor of the detector ks: a smaller distance of the two
// distributions is no drift, however sure it is. Of normal data 0.05 is a shift by an eighth
// of the standard deviation.
const LeastDistance = 0.05

// NewKS returns the detector ks: the two-sample Kolmogorov–Smirnov test of each column of
// numbers. Categories have no order and are left to psi. The statistic is the greatest distance
// of the two empirical distribution functions, a share. The threshold is the distance that
// chance alone exceeds as seldom as the level says, but at least LeastDistance. Missing values
// are left out; a column of which fewer than LeastRows rows have a value, on either side, is
// not compared. Where values repeat, the test errs more seldom than promised.
func NewKS(p *Profile, s Spending) WindowDetector {
	d := &ks{profile: p, spending: s}
	for _, c := range p.Columns {
		var values []float64
		if len(c.Values) >= LeastRows {
			values = c.numbers()
			d.compared++
		}
		d.reference = append(d.reference, values)
	}
	return d
}

// Look implements WindowDetector.
func (d *ks) Look(window *Sample) Result {
	if n := window.Len(); n < LeastRows || d.compared == 0 {
		return Result{State: TooFew, N: n}
	}
	d.looks++
	alpha := d.spending.At(d.looks) / float64(d.compared)
	var findings []Finding
	for i, reference := range d.reference {
		if reference == nil {
			continue
		}
		values := window.column(i)
		if len(values) < LeastRows {
			continue
		}
		scale := kolmogorovScale(len(values), len(reference))
		f := Finding{Column: d.profile.Columns[i].Name, Statistic: distance(values, reference), N: len(values)}
		f.Threshold = max(LeastDistance, kolmogorovQuantile(alpha)/scale)
		f.Drift = f.Statistic > f.Threshold
		findings = append(findings, f)
	}
	return judge(findings, window.Len())
}

// distance is the greatest distance of the empirical distribution functions of values, at least one
// each, that ascend. It is gonum's stat.KolmogorovSmirnov, which would bring 1.2 MB of linear algebra
// into a server.
func distance(x, y []float64) float64 {
	greatest, i, j := 0.0, 0, 0
	for i < len(x) && j < len(y) {
		at := min(x[i], y[j])
		for ; i < len(x) && x[i] == at; i++ {
		}
		for ; j < len(y) && y[j] == at; j++ {
		}
		greatest = max(greatest, math.Abs(float64(i)/float64(len(x))-float64(j)/float64(len(y))))
	}
	return greatest
}

// kolmogorovScale is what a distance of n and m values is multiplied by to be distributed as
// Kolmogorov's limit says, closely also where they are few: M. A. Stephens, "Use of the
// Kolmogorov–Smirnov, Cramér–von Mises and related statistics without extensive tables",
// Journal of the Royal Statistical Society B 32 (1970).
func kolmogorovScale(n, m int) float64 {
	root := math.Sqrt(float64(n) * float64(m) / float64(n+m))
	return root + 0.12 + 0.11/root
}

// kolmogorovQuantile is the scaled distance that chance exceeds with a probability, by the
// first term of the series of A. N. Kolmogorov, "Sulla determinazione empirica di una legge di
// distribuzione" (1933). Up to 0.05 the others are below 10⁻⁶ of it.
func kolmogorovQuantile(p float64) float64 { return math.Sqrt(math.Log(2/p) / 2) }
