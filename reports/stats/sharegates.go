package stats

import (
	"fmt"
	"math"

	"servebench/reports/record"
)

// shareLimit is a limit on a share of requests or answers.
type shareLimit struct {
	metric  string
	limit   float64
	atMost  bool // otherwise at least
	of      func(Row) Proportion
	nothing string // why it cannot be judged when N is 0
	// exact judges the share seen in this run, not the one behind it.
	exact bool
}

func sharesOf(slo record.SLO) []shareLimit {
	var set []shareLimit
	if slo.Errors != nil {
		set = append(set, shareLimit{
			metric: "error rate", limit: *slo.Errors, atMost: true, of: Row.ErrorRate,
			nothing: "no request was sent",
			// No run, however long, can show a rate of zero beyond itself.
			exact: *slo.Errors == 0,
		})
	}
	if slo.Agreement != nil {
		set = append(set, shareLimit{
			metric: "agreement", limit: *slo.Agreement, of: func(r Row) Proportion { return r.Agreement },
			nothing: "no answer was checked",
			// The model is the same everywhere: what it answers is no matter of
			// chance, and one wrong answer is a fault found.
			exact: true,
		})
	}
	if slo.Accuracy != nil {
		set = append(set, shareLimit{
			metric: "accuracy", limit: *slo.Accuracy, of: func(r Row) Proportion { return r.Accuracy },
			nothing: "no answer had a label",
		})
	}
	return set
}

func shareGates(slo record.SLO, row Row) []Gate {
	var all []Gate
	for _, s := range sharesOf(slo) {
		all = append(all, s.judge(s.of(row)))
	}
	return all
}

func (s shareLimit) wording() string {
	if s.atMost {
		return "≤ " + FormatPercent(s.limit)
	}
	return "≥ " + FormatPercent(s.limit)
}

func (s shareLimit) judge(p Proportion) Gate {
	g := Gate{Metric: s.metric, Limit: s.wording(), N: p.N}
	if p.N == 0 {
		g.Observed, g.Verdict, g.Why = "unknown", Inconclusive, s.nothing
		return g
	}
	g.Observed = FormatPercent(p.Value)
	g.Interval = FormatPercentInterval(p.Low, p.High)
	low, high := p.Low, p.High
	if s.exact {
		low, high = p.Value, p.Value
	}
	switch {
	case s.good(low) && s.good(high):
		g.Verdict = Pass
	case !s.good(low) && !s.good(high):
		g.Verdict = Fail
		g.Why = fmt.Sprintf("%s of %s", FormatCount(p.K), FormatCount(p.N))
	default:
		g.Verdict, g.Why = Inconclusive, s.undecided(p)
	}
	return g
}

func (s shareLimit) good(share float64) bool {
	if s.atMost {
		return share <= s.limit
	}
	return share >= s.limit
}

// undecided says how many it would take if the share stayed as it is.
func (s shareLimit) undecided(p Proportion) string {
	const why = "the limit lies inside the interval"
	gap := math.Abs(p.Value - s.limit)
	if gap == 0 {
		return why + ", and the share is the limit: no number of requests would decide"
	}
	for n := p.N; n < 1<<40; n += n/8 + 1 {
		low, high := wilson(p.Value, float64(n))
		if s.good(low) == s.good(high) {
			return fmt.Sprintf("%s: at this share it takes about %s to decide", why, FormatCount(roundUp(n)))
		}
	}
	return why + ": the share is too near to the limit to decide"
}

// roundUp rounds to two significant digits.
func roundUp(n int64) int64 {
	step := int64(1)
	for n/step >= 100 {
		step *= 10
	}
	return (n + step - 1) / step * step
}
