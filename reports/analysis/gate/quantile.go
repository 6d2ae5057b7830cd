package gate

import (
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

// gates are the limits of the time, not judged yet.
func (t timed) gates() []Gate {
	var all []Gate
	for i, at := range []time.Duration{t.most.P50, t.most.P90, t.most.P99, t.most.P999} {
		if q := stat.Quantiles()[i]; at > 0 {
			all = append(all, Gate{Metric: format.Quantile(q) + " " + t.name, Q: q, Bound: at.Seconds(), Unit: stat.Seconds, Of: OfRequests})
		}
	}
	return all
}

// quantileGates judges quantiles over every request sent. One that failed or was still in
// flight at the end counts as slower than any limit: a server must not pass by
// refusing the requests that it is slow at.
func quantileGates(slo record.SLO, row sample.Row, cells []*sample.Cell, seed uint64) []Gate {
	var all []Gate
	for _, t := range timesOf(slo) {
		gates := t.gates()
		var qs []float64
		for i := range gates {
			qs = append(qs, gates[i].Q)
			gates[i].Missing, gates[i].Verdict = NotRecorded, record.Inconclusive
		}
		if len(gates) > 0 && !t.unrecorded(row) {
			sent := stat.NewSample(sample.Tallies(cells, func(s *sample.LoggedSlice) stat.Tally { return t.of(s).With(s.Failed + s.Censored) }))
			for i, b := range sent.Intervals(qs, seed) {
				gates[i].Missing = ""
				gates[i].judgeQuantile(sent, b, row.Rounds)
			}
		}
		all = append(all, gates...)
	}
	return all
}

// judgeQuantile passes a limit that lies above the whole interval and fails one that
// lies below it. Where too few requests were sent to know the quantile, a limit
// cannot pass, but it fails when more of them were slower than the quantile
// leaves room for.
func (g *Gate) judgeQuantile(s *stat.Sample, b stat.Bounds, rounds int) {
	g.N = s.Total
	if s.Total == 0 {
		g.Missing = NothingSent
		return
	}
	limit := nanoseconds(g.Bound)
	if !stat.Known(g.Q, s.Total) {
		g.judgeShareBeyond(s, limit, rounds)
		return
	}
	value := s.All.At(stat.Rank(g.Q, s.Total))
	if g.Value = inSeconds(value); value == stat.Never {
		g.Missing = NoAnswer
	}
	g.Low, g.High, g.HasInterval = inSeconds(b.Low), inSeconds(b.High), b.High < stat.Never
	switch failed := s.Unanswered(); {
	// That so many failed is seen, however the rounds that it happened in are
	// drawn: it is judged like an error rate.
	case failed.Low > 1-g.Q:
		g.Verdict, g.Counted = record.Fail, failed.K
	case b.High <= limit:
		g.Verdict = record.Pass
	case b.Low > limit:
		g.Verdict = record.Fail
	default:
		g.More = wholeRounds(float64(rounds) * narrowing(value, limit, b))
	}
}

// judgeShareBeyond judges a quantile that so few requests do not carry by the share of them
// that took longer or failed: the q quantile is above the limit where that is more than
// 1−q, and is not where it is no more.
func (g *Gate) judgeShareBeyond(s *stat.Sample, limit int64, rounds int) {
	room := 1 - g.Q
	over, most := s.Over(limit), s.OverAtMost(limit, g.Q)
	g.Counted = over.K
	switch {
	case over.Low > room:
		g.Missing, g.Verdict = Above, record.Fail
		return
	case most.High <= room:
		g.Missing, g.Verdict, g.Unseen = Within, record.Pass, most.High
		return
	}
	g.Missing, g.Needs = TooFew, stat.Needed(g.Q)
	independent := enough(over.Value, func(low, high float64) bool { return high <= room || low > room })
	if n := int64(float64(independent) * float64(over.N) / most.Effective); n > over.N {
		g.Needs = min(g.Needs, n)
	}
	if most.Effective < float64(over.N) {
		g.Effective = most.Effective
	}
	g.More = wholeRounds(float64(rounds) * float64(g.Needs) / float64(s.Total))
}

// narrowing is how many times as many rounds it takes for the interval to end at the limit,
// should the quantile stay as it is; NaN where no number of them does that. On the
// logarithmic scale the interval narrows with the square root of their number.
func narrowing(value, limit int64, b stat.Bounds) float64 {
	end := b.High
	if value > limit {
		end = b.Low
	}
	if value == stat.Never || end == stat.Never || end <= 0 {
		return math.NaN()
	}
	wide, apart := math.Log(float64(end)/float64(value)), math.Log(float64(limit)/float64(value))
	return (wide / apart) * (wide / apart)
}

// inSeconds is infinite of a request without an answer.
func inSeconds(v int64) float64 {
	if v == stat.Never {
		return math.Inf(1)
	}
	return time.Duration(v).Seconds()
}

func nanoseconds(v float64) int64 { return int64(math.Round(v * 1e9)) }
