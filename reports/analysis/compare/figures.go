package compare

import (
	"math"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	gonum "gonum.org/v1/gonum/stat"
)

// metricErrors is the metric beside those of the record: the share of requests sent
// that failed or were given up at the end.
const metricErrors = "error rate"

// Figure is one metric of one target in one phase, in both runs.
type Figure struct {
	Target, Phase string // Phase is "" of a cold start
	Metric        string // of record.Metrics, or metricErrors
	Unit          stat.Unit
	Base, New     Value
	// Change is New ÷ Base, of an error rate New − Base. Known is false where one of
	// the values is not, or the Base is 0.
	Change float64
	Known  bool
	// Low and High bound the Change at 95 %, see Method; HasInterval is false with
	// fewer than three rounds in either run.
	HasInterval bool
	Low, High   float64
}

// Value is a figure of one run.
type Value struct {
	Known bool    // false: the requests are too few for it, or it was not measured
	Value float64 // geometric mean over Rounds; in the Figure's unit
	N     int     // rounds, or starts of a cold start
	// Pooled says that the Value is of the requests of all rounds together, since the
	// rounds by themselves do not tell it. An error rate always is.
	Pooled bool
}

// Differs says which way the interval excludes that nothing changed: 1 for more,
// -1 for less, 0 where it does not exclude it or there is none.
func (f Figure) Differs() int {
	same := 1.0
	if f.Metric == metricErrors {
		same = 0
	}
	switch {
	case f.HasInterval && f.Low > same:
		return 1
	case f.HasInterval && f.High < same:
		return -1
	}
	return 0
}

// metric is a figure of a row, be it of one round or of all.
type metric struct {
	name string
	unit stat.Unit
	of   func(sample.Row) (value float64, known bool)
}

// metrics are those of a phase that are compared by their ratio.
func metrics() []metric {
	return []metric{
		{record.MetricP50, stat.Seconds, quantile(0)},
		{record.MetricP90, stat.Seconds, quantile(1)},
		{record.MetricP99, stat.Seconds, quantile(2)},
		{record.MetricP999, stat.Seconds, quantile(3)},
		{record.MetricGoodput, stat.PerSecond, func(r sample.Row) (float64, bool) { return r.Goodput, r.Ledger.Sent > 0 }},
		{record.MetricCPU, stat.Seconds, cpu},
	}
}

func quantile(i int) func(sample.Row) (float64, bool) {
	return func(r sample.Row) (float64, bool) {
		q := r.Response.Quantiles[i]
		return q.Value.Seconds(), q.Known
	}
}

// cpu is the CPU time of the server, the target included, per request sent.
func cpu(r sample.Row) (float64, bool) {
	if !r.Usage.CPUKnown() || r.Ledger.Sent == 0 {
		return 0, false
	}
	return r.Usage.CPU.Seconds() / float64(r.Ledger.Sent), true
}

// figures are those of the phases of targets that both runs have, in the base's order.
func figures(base, fresh *analysis.Analysis) []Figure {
	var all []Figure
	have := targetPhases(fresh)
	for _, p := range targetPhases(base) {
		switch {
		case !slices.Contains(have, p):
		case p.phase == "":
			all = append(all, coldStart(base.Run, fresh.Run, p.target))
		default:
			all = append(all, phaseFigures(base, fresh, p)...)
		}
	}
	return all
}

// phaseFigures leaves out goodput where it is not the same thing in both runs, and
// the CPU time where neither could read it.
func phaseFigures(base, fresh *analysis.Analysis, p targetPhase) []Figure {
	same := base.Run.Scenario.SLO.Deadline() == fresh.Run.Scenario.SLO.Deadline()
	var all []Figure
	for _, m := range metrics() {
		f := ratio(newValues(base, p, m), newValues(fresh, p, m))
		if m.name == record.MetricGoodput {
			f.atLeast(stat.RatioByChance(rowsOf(fresh.Rows, p)[0].Good, rowsOf(base.Rows, p)[0].Good))
		}
		f.Target, f.Phase, f.Metric, f.Unit = p.target, p.phase, m.name, m.unit
		switch {
		case m.name == record.MetricGoodput && !same:
		case m.name == record.MetricCPU && !f.Base.Known && !f.New.Known:
		default:
			all = append(all, f)
		}
	}
	return append(append(all, errorRate(base, fresh, p)), scalingFigures(base, fresh, p)...)
}

// values is what a run says of a metric of a target in a phase.
type values struct {
	rounds []float64 // of the rounds that know it
	pooled Value     // of all rounds together
}

func newValues(a *analysis.Analysis, p targetPhase, m metric) values {
	rows := rowsOf(a.Cells, p)
	s := values{pooled: Value{N: len(rows), Pooled: true}}
	for _, row := range rows {
		if v, known := m.of(row); known {
			s.rounds = append(s.rounds, v)
		}
	}
	for _, row := range rowsOf(a.Rows, p) {
		if v, known := m.of(row); known {
			s.pooled.Known, s.pooled.Value = true, v
		}
	}
	return s
}

// rowsOf are the rows of a target in a phase.
func rowsOf(rows []sample.Row, p targetPhase) []sample.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r sample.Row) bool { return r.Target != p.target || r.Phase != p.phase })
}

// coldStart compares the times from a server's start to its first answer, of all
// starts that came to one.
func coldStart(base, fresh *record.Run, target string) Figure {
	f := ratio(values{rounds: starts(base, target)}, values{rounds: starts(fresh, target)})
	f.Target, f.Metric, f.Unit = target, record.MetricColdStart, stat.Seconds
	return f
}

func starts(run *record.Run, target string) []float64 {
	var all []float64
	for _, d := range run.Target(target).Deployments {
		if d.Answered() {
			all = append(all, d.FirstAnswerAt().Seconds())
		}
	}
	return all
}

// logs are the logarithms of what the rounds say; none where a round has nothing
// above zero, which has no logarithm and must not be left out.
func (s values) logs() []float64 {
	var all []float64
	for _, v := range s.rounds {
		if v <= 0 {
			return nil
		}
		all = append(all, math.Log(v))
	}
	return all
}

// ratio compares the geometric means of the rounds; where the rounds of one run do
// not tell a figure, those of all requests of either, which have no interval.
func ratio(base, fresh values) Figure {
	f := Figure{Base: base.pooled, New: fresh.pooled}
	b, n := base.logs(), fresh.logs()
	if len(b) > 0 && len(n) > 0 {
		f.Base, f.New = mean(b), mean(n)
	}
	if f.Known = f.Base.Known && f.New.Known && f.Base.Value > 0; f.Known {
		f.Change = f.New.Value / f.Base.Value
	}
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

// errorRate compares the shares of requests that were not answered rightly. Its
// interval is that of the two shares, or what the rounds ask for where that is wider.
func errorRate(base, fresh *analysis.Analysis, p targetPhase) Figure {
	b, n := rowsOf(base.Rows, p)[0].ErrorRate(), rowsOf(fresh.Rows, p)[0].ErrorRate()
	olds, news := rates(rowsOf(base.Cells, p)), rates(rowsOf(fresh.Cells, p))
	f := Figure{
		Target: p.target, Phase: p.phase, Metric: metricErrors, Unit: stat.Share, Known: true, Change: n.Value - b.Value,
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
