package gate

import (
	"fmt"
	"math"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// timed is a time of requests whose quantiles may be limited.
type timed struct {
	name string // "response time"
	most record.Quantiles
	of   func(*sample.LoggedSlice) stat.Tally
	// unrecorded says that a row has answers and none of these times, which are
	// recorded where there is a limit for them.
	unrecorded func(sample.Row) bool
}

func timesOf(slo record.SLO) []timed {
	never := func(sample.Row) bool { return false }
	return []timed{
		{"response time", slo.Response(), func(s *sample.LoggedSlice) stat.Tally { return s.Responses }, never},
		{"service time", slo.Service, func(s *sample.LoggedSlice) stat.Tally { return s.Services }, never},
		{"time to first byte", slo.FirstByte, func(s *sample.LoggedSlice) stat.Tally { return s.FirstBytes },
			func(r sample.Row) bool { return r.Ledger.OK > 0 && r.FirstByte.N == 0 }},
	}
}

// limit is one quantile's limit.
type limit struct {
	time string
	q    float64
	at   time.Duration
}

func (t timed) limits() []limit {
	var set []limit
	for i, at := range []time.Duration{t.most.P50, t.most.P90, t.most.P99, t.most.P999} {
		if at > 0 {
			set = append(set, limit{t.name, stat.Quantiles()[i], at})
		}
	}
	return set
}

func (l limit) gate() Gate {
	return Gate{
		Metric: format.Quantile(l.q) + " " + l.time, Limit: "≤ " + format.Duration(l.at),
		Bound: l.at.Seconds(), Unit: "s", Of: "requests",
	}
}

func quantileGates(slo record.SLO, row sample.Row, cells []*sample.Cell, seed uint64) []Gate {
	var all []Gate
	for _, t := range timesOf(slo) {
		if set := t.limits(); len(set) > 0 {
			all = append(all, t.judge(set, row, cells, seed)...)
		}
	}
	return all
}

// judge judges quantiles over every request sent. One that failed or was still in
// flight at the end counts as slower than any limit: a server must not pass by
// refusing the requests that it is slow at.
func (t timed) judge(set []limit, row sample.Row, cells []*sample.Cell, seed uint64) []Gate {
	if t.unrecorded(row) {
		return t.notRecorded(set)
	}
	all := stat.NewSample(sample.Tallies(cells, func(s *sample.LoggedSlice) stat.Tally { return t.of(s).With(s.Failed + s.Censored) }))
	var qs []float64
	for _, l := range set {
		qs = append(qs, l.q)
	}
	var judged []Gate
	for i, b := range all.Intervals(qs, seed) {
		judged = append(judged, set[i].judge(all, b, row.Rounds))
	}
	return judged
}

func (t timed) notRecorded(set []limit) []Gate {
	var all []Gate
	for _, l := range set {
		g := l.gate()
		g.Observed, g.Verdict = "not recorded", record.Inconclusive
		g.Why = fmt.Sprintf("the %s is recorded where the scenario limits it: it takes a run with this limit", t.name)
		all = append(all, g)
	}
	return all
}

// judge passes a limit that lies above the whole interval and fails one that
// lies below it. Where too few requests were sent to know the quantile, a limit
// cannot pass, but it fails when more of them were slower than the quantile
// leaves room for.
func (l limit) judge(s *stat.Sample, b stat.Bounds, rounds int) Gate {
	g := l.gate()
	g.N = s.Total
	if s.Total == 0 {
		g.Observed, g.Verdict, g.Why = "nothing sent", record.Inconclusive, "no request was sent"
		return g
	}
	if !stat.Known(l.q, s.Total) {
		return l.judgeFew(s, g, rounds)
	}
	value := s.All.At(stat.Rank(l.q, s.Total))
	g.Observed, g.Interval = latency(value), latencies(b)
	g.Value, g.Known = seconds(value), value < stat.Never
	g.Low, g.High, g.HasInterval = seconds(b.Low), seconds(b.High), b.High < stat.Never
	switch {
	// That so many failed is seen, however the rounds that it happened in are
	// drawn: it is judged like an error rate.
	case s.Unanswered().Low > 1-l.q:
		g.Verdict, g.Why = record.Fail, l.leaves(s.Unanswered(), "failed")
	case b.High <= int64(l.at):
		g.Verdict = record.Pass
	case b.Low > int64(l.at):
		g.Verdict, g.Why = record.Fail, "the whole interval lies above the limit"
	default:
		g.Verdict = record.Inconclusive
		g.More, g.Why = l.undecided(value, b, rounds)
	}
	return g
}

// undecided says about how many rounds it would take should the quantile stay as
// it is. Its interval, on the logarithmic scale, narrows with the square root of
// their number.
func (l limit) undecided(value int64, b stat.Bounds, rounds int) (more int, why string) {
	const inside = "the limit lies inside the interval"
	end := b.High
	if value > int64(l.at) {
		end = b.Low
	}
	if value == stat.Never || end == stat.Never || end <= 0 {
		return 0, inside + ": more rounds would narrow it"
	}
	wide, apart := math.Log(float64(end)/float64(value)), math.Log(float64(l.at)/float64(value))
	return settling(inside, float64(rounds)*(wide/apart)*(wide/apart))
}

// judgeFew judges requests too few for the quantile to be known.
func (l limit) judgeFew(s *stat.Sample, g Gate, rounds int) Gate {
	over := s.Over(int64(l.at))
	if over.Low > 1-l.q {
		// All that is known of the quantile is that it surely lies above.
		g.Observed, g.Verdict = "> "+format.Duration(l.at), record.Fail
		g.Interval = "(" + format.Duration(l.at) + ", ∞)"
		g.Why = l.leaves(over, "took longer or failed")
		return g
	}
	g.Observed, g.Verdict = "n too small", record.Inconclusive
	few := fmt.Sprintf("%s takes %s requests, %s were sent", format.Quantile(l.q), format.Count(stat.Needed(l.q)), format.Count(s.Total))
	g.More, g.Why = settling(few, float64(rounds)*float64(stat.Needed(l.q))/float64(s.Total))
	return g
}

// leaves says that the quantile does not leave room for so many.
func (l limit) leaves(over stat.Proportion, what string) string {
	return fmt.Sprintf("%s of %s requests %s, more than the %s that %s leaves room for",
		format.Count(over.K), format.Count(over.N), what, format.Percent(1-l.q), format.Quantile(l.q))
}

// latency words a value that may be that of a request without an answer.
func latency(v int64) string {
	if v == stat.Never {
		return "no answer"
	}
	return format.Duration(time.Duration(v))
}

func latencies(b stat.Bounds) string {
	if b.High < stat.Never {
		return format.Range(time.Duration(b.Low), time.Duration(b.High))
	}
	return "[" + latency(b.Low) + ", " + latency(b.High) + "]"
}

// seconds is 0 of a request without an answer.
func seconds(v int64) float64 {
	if v == stat.Never {
		return 0
	}
	return time.Duration(v).Seconds()
}
