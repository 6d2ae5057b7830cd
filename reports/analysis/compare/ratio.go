package compare

import (
	"math"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"

	gonum "gonum.org/v1/gonum/stat"
)

// ratio compares the geometric means of the rounds; where the rounds of one run do
// not tell a figure, those of all requests of either, which have no interval.
func ratio(base, fresh values) Figure {
	b, n := base.logs(), fresh.logs()
	if len(b) == 0 || len(n) == 0 {
		return pooledRatio(base, fresh)
	}
	f := Figure{Base: mean(b), New: mean(n), Known: true}
	f.Change = f.New.Value / f.Base.Value
	if low, high, ok := stat.Welch(b, n); ok {
		f.HasInterval, f.Low, f.High = true, math.Exp(low), math.Exp(high)
	}
	return f
}

// atLeast widens the interval of so many rounds as it takes to factors around the Change.
func (f *Figure) atLeast(low, high float64) {
	if !f.Known || f.Base.Pooled || min(f.Base.N, f.New.N) < stat.FewRounds || math.IsInf(high, 0) {
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

func pooledRatio(base, fresh values) Figure {
	f := Figure{Base: base.all(), New: fresh.all()}
	if f.Base.Known && f.New.Known && f.Base.Value > 0 {
		f.Change, f.Known = f.New.Value/f.Base.Value, true
	}
	return f
}

func (s values) all() Value {
	v := Value{Known: s.known, N: s.played, Pooled: true}
	if s.known {
		v.Value = s.pooled
	}
	return v
}

// errorRate compares the shares of requests that were not answered rightly. Its
// interval is that of the two shares, or what the rounds ask for where that is wider.
func errorRate(base, fresh *analysis.Analysis, p targetPhase) Figure {
	b, n := rowsOf(base.Rows, p)[0].ErrorRate(), rowsOf(fresh.Rows, p)[0].ErrorRate()
	olds, news := rates(rowsOf(base.Cells, p)), rates(rowsOf(fresh.Cells, p))
	f := Figure{
		Target: p.target, Phase: p.phase, Metric: MetricErrors, Unit: Share, Known: true, Change: n.Value - b.Value,
		Base: Value{Known: true, Value: b.Value, N: len(olds), Pooled: true},
		New:  Value{Known: true, Value: n.Value, N: len(news), Pooled: true},
	}
	if min(len(olds), len(news)) >= stat.FewRounds {
		low, high, _ := stat.Welch(olds, news) // no width where there is no spread
		half := (high - low) / 2
		low, high = stat.DifferenceByChance(b, n)
		f.HasInterval, f.Low, f.High = true, min(low, f.Change-half), max(high, f.Change+half)
	}
	return f
}

func rates(rows []sample.Row) []float64 {
	var all []float64
	for _, r := range rows {
		if r.Ledger.Sent > 0 {
			all = append(all, r.ErrorRate().Value)
		}
	}
	return all
}
