// Package tracking turns a recorded run into what experiment trackers compare: a run for each
// target and phase, with its parameters and figures by names that stay the same, below one for
// the whole; and sends them to an MLflow server. It stands at the end of the flow: everything in
// it is in the analysis.Analysis that it is given.
package tracking

import (
	"math"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Figure is a number with its name: "p99_ms", "p99_ms.low" for the lower end of its 95 %
// interval, "n" for how many requests it is made from.
type Figure struct {
	Name  string
	Value float64 // finite
}

// Figures are those of a row that are known, and what became of its requests. Of a run that is
// INVALID there is the latter alone.
func Figures(a *analysis.Analysis, r sample.Row) []Figure {
	var all figures
	for _, count := range []struct {
		state string
		n     int64
	}{{"scheduled", r.Ledger.Scheduled}, {"sent", r.Ledger.Sent}, {"ok", r.Ledger.OK}, {"failed", r.Ledger.Failed}, {"censored", r.Ledger.Censored}} {
		all.add("requests."+count.state, float64(count.n))
	}
	if a.Validity == record.Invalid {
		return all
	}
	if r.Concurrency == 0 {
		all.add("offered_rps", r.Offered)
	}
	for _, f := range r.Figures() {
		all.addFigure(f)
	}
	for _, q := range r.Lag.Quantiles {
		if q.Known {
			all.add("lag_"+format.Quantile(q.Q)+"_ms", milliseconds(q.Value.Seconds()))
		}
	}
	for _, p := range monitoring.Policies(a.Drift) {
		if p.Target == r.Target && p.Phase == r.Phase {
			all.addPolicy(p)
		}
	}
	return all
}

type figures []Figure

// addPolicy adds what a change of the examples and training again came to.
func (all *figures) addPolicy(p monitoring.Policy) {
	for _, part := range []struct {
		name string
		stat.Proportion
	}{{"accuracy before", p.Before}, {"accuracy during", p.During}, {"accuracy after", p.After}} {
		if part.N > 0 {
			all.addFigure(sample.Figure{Of: part.name, Unit: stat.Share, Value: part.Value, HasInterval: true, Low: part.Low, High: part.High, N: part.N})
		}
	}
	all.add("retrainings", float64(p.Trainings))
	if p.CPUKnown {
		all.add("retraining_cpu_s", p.CPU.Seconds())
	}
}

// add takes a number that is one, and the first of a name.
func (all *figures) add(name string, value float64) {
	known := slices.ContainsFunc(*all, func(f Figure) bool { return f.Name == name })
	if !known && !math.IsNaN(value) && !math.IsInf(value, 0) {
		*all = append(*all, Figure{name, value})
	}
}

func (all *figures) addFigure(f sample.Figure) {
	of, unit, scale := shortName(f.Of), "", 1.0
	switch f.Unit {
	case stat.Seconds:
		unit, scale = "ms", 1000
	case stat.PerSecond:
		unit = "rps"
	case stat.Bytes:
		unit = "bytes"
	case stat.Dollars:
		unit = "usd"
	}
	quantile := ""
	if f.Q > 0 {
		quantile = format.Quantile(f.Q)
	}
	name := joined("_", of, quantile, unit)
	all.add(name, f.Value*scale)
	if f.HasInterval {
		all.add(name+".low", f.Low*scale)
		all.add(name+".high", f.High*scale)
	}
	if f.N > 0 {
		all.add(joined(".", of, "n"), float64(f.N))
	}
}

// shortName is what a figure is of, in a name: "" of the response time, which is meant where
// nothing is said.
func shortName(of string) string {
	switch of {
	case "response time":
		return ""
	case "service time":
		return "service"
	case "time to first byte":
		return "first_byte"
	case "answers per second":
		return "ok"
	}
	return strings.ReplaceAll(strings.ToLower(of), " ", "_")
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), separator)
}

func milliseconds(seconds float64) float64 { return 1000 * seconds }

// overall are the figures of the whole run: the ratios of an A/B test and the capacities that a
// search certified. Of a run that is INVALID there are none.
func overall(a *analysis.Analysis) []Figure {
	var all figures
	if a.Validity == record.Invalid {
		return nil
	}
	if a.AB != nil {
		for _, m := range a.AB.Metrics {
			if len(m.Pairs) == 0 {
				continue
			}
			name := m.Phase + "/" + strings.ReplaceAll(m.Name, " ", "_") + "_ratio"
			all.add(name, m.Ratio)
			if m.Low > 0 {
				all.add(name+".low", m.Low)
			}
			all.add(name+".high", m.High)
			all.add(name+".pairs", float64(len(m.Pairs)))
		}
	}
	for _, s := range a.Capacity {
		if s.Invalid || s.Certified == 0 {
			continue
		}
		all.add(s.Target+"/capacity_rps", s.Certified)
		if s.Breaks > 0 {
			all.add(s.Target+"/capacity_rps.breaks", s.Breaks)
		}
		all.add(s.Target+"/capacity_rps.n", float64(s.Requests))
	}
	return all
}
