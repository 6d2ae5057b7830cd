package jsonreport

import (
	"servebench/reports/analysis"
)

func newGates(a *analysis.Analysis) []gate {
	all := []gate{}
	for _, g := range a.Gates {
		all = append(all, gate{
			Target: g.Target, Phase: text(g.Phase), Metric: g.Metric, Limit: g.Limit, Observed: g.Observed,
			Interval: text(g.Interval), N: g.N, Of: g.Of, Verdict: string(g.Verdict), Why: text(g.Why), Note: text(g.Note),
			Unit: g.Unit, Bound: significant(g.Bound), Value: number(significant(g.Value), g.Known),
			CI: number(pair{significant(g.Low), significant(g.High)}, g.HasInterval), More: number(g.More, g.More > 0),
		})
	}
	return all
}
