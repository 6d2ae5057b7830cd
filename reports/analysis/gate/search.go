package gate

import (
	"math"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// JudgeSearch judges the limits that take a search for the capacity, for every target that was
// to run, by what the search on it came to; none without such a limit. Where there is no search
// on a target, or it did not end in a certificate, that is no PASS. An error says that what a
// run records of its cost cannot be read.
func JudgeSearch(set *sample.Set, searches []capacity.Searched, slo record.SLO, invalid bool) ([]Gate, error) {
	cheapest := map[string]cost.Estimate{}
	if slo.CostPerMillion > 0 {
		var err error
		if cheapest, err = cost.Cheapest(set, searches); err != nil {
			return nil, err
		}
	}
	var all []Gate
	for _, t := range set.Run.Targets {
		if t.Unavailable != "" && !t.Asked {
			continue
		}
		var s capacity.Searched
		if i := slices.IndexFunc(searches, func(s capacity.Searched) bool { return s.Target == t.Name }); i >= 0 {
			s = searches[i]
		}
		var own []Gate
		if slo.Capacity > 0 {
			own = append(own, JudgeCapacity(t.Name, slo.Capacity, s.Certified, s.Breaks, s.Requests))
		}
		if slo.CostPerMillion > 0 {
			var priced *cost.Estimate
			if e, found := cheapest[t.Name]; found {
				priced = &e
			}
			own = append(own, JudgeCost(t.Name, slo.CostPerMillion, priced, s.Requests))
		}
		for i := range own {
			own[i].Unavailable = sample.FirstLine(t.Unavailable)
			if invalid || s.Invalid {
				own[i].Verdict = record.InvalidInstrument
			}
		}
		all = append(all, own...)
	}
	return all, nil
}

// notSearched are the limits of a target that take a search for the capacity, of a run that is none.
func notSearched(target string, slo record.SLO) []Gate {
	var all []Gate
	if slo.Capacity > 0 {
		all = append(all, capacityGate(target, slo.Capacity))
	}
	if slo.CostPerMillion > 0 {
		all = append(all, costGate(target, slo.CostPerMillion))
	}
	return all
}

// capacityGate is the limit of a capacity, not judged yet: only a search for it tells.
func capacityGate(target string, least float64) Gate {
	return Gate{Target: target, Metric: Capacity, Bound: least, Least: true, Unit: stat.PerSecond, Of: OfRequests, Missing: NotSearched, Verdict: record.Inconclusive}
}

// JudgeCapacity judges the capacity of a target by the rate that a search certified with n
// requests and by the lowest rate that breaks the rest of the SLO, each with 95 %
// confidence; 0: there is none. The capacity is no lower than the one and lower than the
// other: a limit between them stays open.
func JudgeCapacity(target string, least, certified, breaks float64, n int64) Gate {
	g := capacityGate(target, least)
	g.N, g.Missing = n, NotCertified
	if certified > 0 {
		g.Missing, g.Value, g.HasInterval = "", certified, true
	}
	g.Low, g.High = certified, math.Inf(1)
	if breaks > 0 {
		g.High = breaks
	}
	switch holds, broken := certified >= least, breaks > 0 && breaks <= least; {
	case holds && !broken:
		g.Verdict = record.Pass
	case broken && !holds:
		g.Verdict = record.Fail
	}
	return g
}

// costGate is the limit of what a million requests cost, not judged yet.
func costGate(target string, most float64) Gate {
	return Gate{Target: target, Metric: Cost, Bound: most, Unit: stat.Dollars, Of: OfRequests, Missing: NotSearched, Verdict: record.Inconclusive}
}

// JudgeCost judges what a million requests cost a target by an estimate, which rests on a search
// with n requests; nil: there is none. A cost that is not known stays open, and so does one of
// which a part is missing, unless that part breaks the limit. What was emulated decides nothing:
// the real thing may be cheaper as well.
func JudgeCost(target string, most float64, e *cost.Estimate, n int64) Gate {
	g := costGate(target, most)
	if g.N, g.Cost, g.Missing = n, e, NotPriced; e == nil || e.Unfit != nil {
		return g
	}
	g.Missing, g.HasInterval = "", !e.PerMillion.NoHigh
	g.Value, g.Low, g.High = e.PerMillion.Value, e.PerMillion.Low, e.PerMillion.High
	switch doubt := e.Doubt(); {
	case doubt != nil && doubt.Kind == cost.Emulated:
	case g.Low > most:
		g.Verdict = record.Fail
	case g.High <= most && doubt == nil:
		g.Verdict = record.Pass
	}
	return g
}
