package stats

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
)

// gates judges every limit of the scenario for every target that was to run
// and every measured phase.
func gates(a *Analysis, cells []*cell) []Gate {
	var all []Gate
	for _, target := range a.Run.Targets {
		if target.Unavailable != "" {
			continue
		}
		for _, phase := range a.Run.Scenario.Phases {
			if phase.Measured {
				all = append(all, gatesOf(a, target.Name, phase.Name, cells)...)
			}
		}
	}
	if a.Validity == Invalid {
		why := "the instrument cannot be believed, see the doubts"
		if a.Nothing() != "" || a.Refused() {
			why = "nothing was measured"
		}
		for i := range all {
			all[i].Verdict, all[i].Why = InvalidInstrument, why
		}
	}
	return all
}

func gatesOf(a *Analysis, target, phase string, cells []*cell) []Gate {
	slo := a.Run.Scenario.SLO
	var all []Gate
	i := slices.IndexFunc(a.Rows, func(r Row) bool { return r.Target == target && r.Phase == phase })
	if i < 0 {
		all = notMeasured(slo)
	} else {
		row := a.Rows[i]
		all = quantileGates(slo, row, pick(cells, target, phase), seedOf(a.Run, row))
		all = append(all, shareGates(slo, row)...)
	}
	failAborted(a, target, phase, all)
	for i := range all {
		all[i].Target, all[i].Phase = target, phase
	}
	return all
}

// limit is one quantile's limit.
type limit struct {
	q  float64
	at time.Duration
}

func limitsOf(slo record.SLO) []limit {
	var set []limit
	for i, at := range []time.Duration{slo.P50, slo.P90, slo.P99, slo.P999} {
		if at > 0 {
			set = append(set, limit{quantiles()[i], at})
		}
	}
	return set
}

func (l limit) gate() Gate {
	return Gate{Metric: QuantileName(l.q) + " response time", Limit: "≤ " + FormatDuration(l.at)}
}

// notMeasured are the gates of a target that has no cell in a phase: nothing
// can be said, which is not a pass.
func notMeasured(slo record.SLO) []Gate {
	var all []Gate
	for _, l := range limitsOf(slo) {
		all = append(all, l.gate())
	}
	for _, s := range sharesOf(slo) {
		all = append(all, Gate{Metric: s.metric, Limit: s.wording()})
	}
	for i := range all {
		all[i].Observed, all[i].Verdict, all[i].Why = "not measured", Inconclusive, "this target was not measured in this phase"
	}
	return all
}

// quantileGates judges quantiles over every request sent. One that failed or
// was still in flight at the end counts as slower than any limit: a server must
// not pass by refusing the requests that it is slow at.
func quantileGates(slo record.SLO, row Row, cells []*cell, seed uint64) []Gate {
	set := limitsOf(slo)
	if len(set) == 0 {
		return nil
	}
	all := newSample(tallies(cells, func(s *slice) tally { return s.response.with(s.Failed + s.Censored) }))
	var qs []float64
	for _, l := range set {
		qs = append(qs, l.q)
	}
	var judged []Gate
	for i, b := range all.intervals(qs, seed) {
		judged = append(judged, set[i].judge(all, b))
	}
	return judged
}

// judge passes a limit that lies above the whole interval and fails one that
// lies below it. Where too few requests were sent to know the quantile, a limit
// cannot pass, but it fails when more of them were slower than the quantile
// leaves room for.
func (l limit) judge(s *sample, b bounds) Gate {
	g := l.gate()
	g.N = s.total
	if s.total == 0 {
		g.Observed, g.Verdict, g.Why = "nothing sent", Inconclusive, "no request was sent"
		return g
	}
	if !Known(l.q, s.total) {
		return l.judgeFew(s, g)
	}
	g.Observed, g.Interval = latency(s.all.at(rank(l.q, s.total))), latencies(b)
	switch {
	// That so many failed is seen, however the rounds that it happened in are
	// drawn: it is judged like an error rate.
	case surelyMore(s.failed(), s.total, 1-l.q):
		g.Verdict, g.Why = Fail, l.leaves(s.failed(), s.total, "failed")
	case b.high <= int64(l.at):
		g.Verdict = Pass
	case b.low > int64(l.at):
		g.Verdict, g.Why = Fail, "the whole interval lies above the limit"
	default:
		g.Verdict, g.Why = Inconclusive, "the limit lies inside the interval: more rounds would narrow it"
	}
	return g
}

// judgeFew judges requests too few for the quantile to be known.
func (l limit) judgeFew(s *sample, g Gate) Gate {
	over := s.over(int64(l.at))
	if surelyMore(over, s.total, 1-l.q) {
		g.Observed, g.Verdict = "> "+FormatDuration(l.at), Fail
		g.Why = l.leaves(over, s.total, "took longer or failed")
		return g
	}
	g.Observed, g.Verdict = "n too small", Inconclusive
	g.Why = fmt.Sprintf("%s takes %s requests, %s were sent", QuantileName(l.q), FormatCount(needed(l.q)), FormatCount(s.total))
	return g
}

// leaves says that the quantile does not leave room for so many.
func (l limit) leaves(k, n int64, what string) string {
	return fmt.Sprintf("%s of %s requests %s, more than the %s that %s leaves room for",
		FormatCount(k), FormatCount(n), what, FormatPercent(1-l.q), QuantileName(l.q))
}

// over is how many of the values lie above the limit, those of requests without
// an answer included.
func (s *sample) over(limit int64) int64 {
	var n int64
	for _, b := range s.all {
		if b.value > limit {
			n += b.count
		}
	}
	return n
}

// latency words a value that may be that of a request without an answer.
func latency(v int64) string {
	if v == never {
		return "no answer"
	}
	return FormatDuration(time.Duration(v))
}

func latencies(b bounds) string {
	if b.high < never {
		return FormatRange(time.Duration(b.low), time.Duration(b.high))
	}
	return "[" + latency(b.low) + ", " + latency(b.high) + "]"
}

// verdict is the worst of the gates'; INVALID when the instrument cannot be
// believed, with or without gates.
func verdict(a *Analysis) Verdict {
	if a.Validity == Invalid {
		return InvalidInstrument
	}
	return Worst(a.Gates)
}

// Worst is the worst verdict of gates; NoLimit of none.
func Worst(gates []Gate) Verdict {
	order := []Verdict{NoLimit, Pass, Inconclusive, Fail, InvalidInstrument}
	worst := 0
	for _, g := range gates {
		worst = max(worst, slices.Index(order, g.Verdict))
	}
	return order[worst]
}
