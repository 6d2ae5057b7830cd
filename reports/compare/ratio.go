package compare

import (
	"math"

	"servebench/reports/stats"

	gonum "gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Method says how the intervals are made, for captions.
const Method = "95 % intervals from the logarithms of the rounds' figures (Welch's t), of goodput and error rates at least what chance makes of so many requests (Zou and Donner); none with fewer than three rounds in either run, or where they are all the same"

// fewRounds is how many rounds an interval takes in either run.
const fewRounds = 3

// ratio compares the geometric means of the rounds; where the rounds of one run do
// not tell a figure, those of all requests of either, which have no interval.
func ratio(base, fresh sample) Figure {
	b, n := base.logs(), fresh.logs()
	if len(b) == 0 || len(n) == 0 {
		return pooledRatio(base, fresh)
	}
	f := Figure{Base: mean(b), New: mean(n), Known: true}
	f.Change = f.New.Value / f.Base.Value
	if low, high, ok := welch(b, n); ok {
		f.HasInterval, f.Low, f.High = true, math.Exp(low), math.Exp(high)
	}
	return f
}

// atLeast widens the interval of so many rounds as it takes to factors around the Change.
func (f *Figure) atLeast(low, high float64) {
	if !f.Known || f.Base.Pooled || min(f.Base.N, f.New.N) < fewRounds || math.IsInf(high, 0) {
		return
	}
	low, high = low*f.Change, high*f.Change
	if f.HasInterval {
		low, high = min(low, f.Low), max(high, f.High)
	}
	f.HasInterval, f.Low, f.High = true, low, high
}

func mean(logs []float64) Value {
	return Value{Known: true, Value: math.Exp(gonum.Mean(logs, nil)), N: len(logs)}
}

func pooledRatio(base, fresh sample) Figure {
	f := Figure{Base: base.all(), New: fresh.all()}
	if f.Base.Known && f.New.Known && f.Base.Value > 0 {
		f.Change, f.Known = f.New.Value/f.Base.Value, true
	}
	return f
}

func (s sample) all() Value {
	v := Value{Known: s.known, N: s.played, Pooled: true}
	if s.known {
		v.Value = s.pooled
	}
	return v
}

// welch is the 95 % interval of mean(b) − mean(a) of values whose variances need not
// be the same: B. L. Welch, "The generalization of 'Student's' problem when several
// different population variances are involved", Biometrika 34 (1947), with the
// degrees of freedom of F. E. Satterthwaite, "An approximate distribution of
// estimates of variance components", Biometrics Bulletin 2 (1946). False with fewer than
// fewRounds of either, and where all are the same, which does not tell how far others
// may lie from them.
func welch(a, b []float64) (low, high float64, ok bool) {
	if len(a) < fewRounds || len(b) < fewRounds {
		return 0, 0, false
	}
	n, m := float64(len(a)), float64(len(b))
	u, v := gonum.Variance(a, nil)/n, gonum.Variance(b, nil)/m
	difference := gonum.Mean(b, nil) - gonum.Mean(a, nil)
	if u+v == 0 {
		return difference, difference, false
	}
	freedom := (u + v) * (u + v) / (u*u/(n-1) + v*v/(m-1))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975) * math.Sqrt(u+v)
	return difference - half, difference + half, true
}

// byChance is the 95 % interval of b − a of two shares, from their own intervals: G. Y.
// Zou and A. Donner, "Construction of confidence limits about effect measures: a general
// approach", Statistics in Medicine 27 (2008).
func byChance(a, b stats.Proportion) (low, high float64) {
	difference := b.Value - a.Value
	return difference - math.Hypot(b.Value-b.Low, a.High-a.Value),
		difference + math.Hypot(b.High-b.Value, a.Value-a.Low)
}

// errorRate compares the shares of requests that were not answered rightly. Its
// interval is that of the two shares, or what the rounds ask for where that is wider.
func errorRate(base, fresh *stats.Analysis, p targetPhase) Figure {
	b, n := rowsOf(base.Rows, p)[0].ErrorRate(), rowsOf(fresh.Rows, p)[0].ErrorRate()
	olds, news := rates(rowsOf(base.Cells, p)), rates(rowsOf(fresh.Cells, p))
	f := Figure{
		Target: p.target, Phase: p.phase, Metric: MetricErrors, Unit: Share, Known: true, Change: n.Value - b.Value,
		Base: Value{Known: true, Value: b.Value, N: len(olds), Pooled: true},
		New:  Value{Known: true, Value: n.Value, N: len(news), Pooled: true},
	}
	if min(len(olds), len(news)) >= fewRounds {
		low, high, _ := welch(olds, news) // no width where there is no spread
		half := (high - low) / 2
		low, high = byChance(b, n)
		f.HasInterval, f.Low, f.High = true, min(low, f.Change-half), max(high, f.Change+half)
	}
	return f
}

func rates(rows []stats.Row) []float64 {
	var all []float64
	for _, r := range rows {
		if r.Ledger.Sent > 0 {
			all = append(all, r.ErrorRate().Value)
		}
	}
	return all
}
