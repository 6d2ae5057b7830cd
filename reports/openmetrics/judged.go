package openmetrics

import (
	"math"

	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
)

// judged are the validity and the verdicts.
func judged(a *analysis.Analysis) []*family {
	valid := newFamily(a, "valid", "", "1 if the measurement is valid; 0 if not, and then there are no figures")
	if !a.OnlyStarts() {
		valid.add(truth(a.Validity == record.Valid && !a.Empty()))
	}
	complete := newFamily(a, "complete", "", "1: all that was planned was measured; 0: it was not")
	complete.add(truth(a.Complete()))
	verdict := newFamily(a, "verdict", "", "1 for what the run came to; all 0: it was measured without limits")
	verdict.addVerdict(a.Verdict)
	gates := newFamily(a, "gate", "", "1 for what was found of the limit")
	for _, g := range a.Gates {
		gates.addVerdict(g.Verdict, label{"target", g.Target}, label{"phase", g.Phase}, label{"metric", g.Metric}, label{"limit", sentence.NewLimit(g).Limit})
	}
	return []*family{valid, complete, verdict, gates, abVerdicts(a)}
}

// ledgers account for every request.
func ledgers(a *analysis.Analysis) *family {
	f := newFamily(a, "requests", "", "requests by what became of them: scheduled ≥ sent = ok + failed + censored (given up before its timeout)")
	for _, r := range a.Rows {
		l := r.Ledger
		for _, state := range []struct {
			name string
			n    int64
		}{{"scheduled", l.Scheduled}, {"sent", l.Sent}, {"ok", l.OK}, {"failed", l.Failed}, {"censored", l.Censored}} {
			f.add(float64(state.n), label{"target", r.Target}, label{"phase", r.Phase}, label{"state", state.name})
		}
	}
	return f
}

// abVerdicts are what was found of each part of an A/B test.
func abVerdicts(a *analysis.Analysis) *family {
	f := newFamily(a, "ab", "", "1 for what was found of the metric, or of the variants' errors")
	if a.AB == nil {
		return f
	}
	for _, m := range a.AB.Metrics {
		f.addVerdict(m.Verdict, label{"phase", m.Phase}, label{"metric", m.Name})
	}
	for _, e := range a.AB.Errors {
		f.addVerdict(e.Verdict, label{"phase", e.Phase}, label{"metric", "errors"})
	}
	return f
}

// abRatios are the ratios of an A/B test's variants.
func abRatios(a *analysis.Analysis) []*family {
	value := newFamily(a, "ab_ratio", "ratio", "candidate ÷ baseline, Hodges–Lehmann estimate over pairs of rounds")
	low := newFamily(a, "ab_lower_ratio", "ratio", "lower bound of the ratio at the interim analysis that was reached")
	high := newFamily(a, "ab_upper_ratio", "ratio", "upper bound of the ratio at the interim analysis that was reached")
	pairs := newFamily(a, "ab_pairs", "", "rounds that both variants have")
	all := []*family{value, low, high, pairs}
	if a.AB == nil {
		return all
	}
	for _, m := range a.AB.Metrics {
		of := []label{{"phase", m.Phase}, {"metric", m.Name}}
		pairs.add(float64(len(m.Pairs)), of...)
		if len(m.Pairs) > 0 {
			value.add(m.Ratio, of...)
		}
		if m.Low > 0 {
			low.add(m.Low, of...)
		}
		if m.High > 0 && !math.IsInf(m.High, 1) {
			high.add(m.High, of...)
		}
	}
	return all
}
