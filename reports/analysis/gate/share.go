package gate

import (
	"fmt"
	"math"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// shareLimit is a limit on a share of requests or answers.
type shareLimit struct {
	metric  string
	limit   float64
	atMost  bool // otherwise at least
	of      func(sample.Row) stat.Proportion
	nothing string // why it cannot be judged when N is 0
	// exact judges the share seen in this run, not the one behind it.
	exact bool
	// repeats says that every round asks the same again, so that more rounds tell
	// nothing more.
	repeats bool
	counted string // what the share is of
}

func sharesOf(slo record.SLO) []shareLimit {
	var set []shareLimit
	if slo.Errors != nil {
		set = append(set, shareLimit{
			metric: "error rate", limit: *slo.Errors, atMost: true, of: sample.Row.ErrorRate,
			nothing: "no request came to its end", counted: "requests",
			// No run, however long, can show a rate of zero beyond itself.
			exact: *slo.Errors == 0,
		})
	}
	if slo.Agreement != nil {
		set = append(set, shareLimit{
			metric: "agreement", limit: *slo.Agreement, of: func(r sample.Row) stat.Proportion { return r.Agreement },
			nothing: "no answer was checked", counted: "answers",
			// The model is the same everywhere: what it answers is no matter of
			// chance, and one wrong answer is a fault found.
			exact: true,
		})
	}
	if slo.Accuracy != nil {
		set = append(set, shareLimit{
			metric: "accuracy", limit: *slo.Accuracy, of: func(r sample.Row) stat.Proportion { return r.Accuracy },
			nothing: "no answer had a label", counted: "answers", repeats: true,
		})
	}
	return set
}

func shareGates(slo record.SLO, row sample.Row) []Gate {
	var all []Gate
	for _, s := range sharesOf(slo) {
		all = append(all, s.judge(s.of(row), row.Rounds))
	}
	return all
}

func (s shareLimit) wording() string {
	if s.atMost {
		return "≤ " + format.Percent(s.limit)
	}
	return "≥ " + format.Percent(s.limit)
}

func (s shareLimit) gate() Gate {
	return Gate{Metric: s.metric, Limit: s.wording(), Bound: s.limit, Unit: "1", Of: s.counted}
}

func (s shareLimit) judge(p stat.Proportion, rounds int) Gate {
	g := s.gate()
	g.N = p.N
	if p.N == 0 {
		g.Observed, g.Verdict, g.Why = "unknown", record.Inconclusive, s.nothing
		return g
	}
	g.Observed = format.Percent(p.Value)
	g.Interval = format.PercentInterval(p.Low, p.High)
	g.Value, g.Known, g.Low, g.High, g.HasInterval = p.Value, true, p.Low, p.High, true
	low, high := p.Low, p.High
	if s.exact {
		low, high = p.Value, p.Value
	}
	switch {
	case s.good(low) && s.good(high):
		g.Verdict = record.Pass
	case !s.good(low) && !s.good(high):
		g.Verdict = record.Fail
		g.Why = fmt.Sprintf("%s of %s", format.Count(p.K), format.Count(p.N))
	default:
		g.Verdict = record.Inconclusive
		g.More, g.Why = s.undecided(p, rounds)
	}
	if p.Effective < float64(p.N) && !s.repeats && !s.exact {
		g.Note = fmt.Sprintf("rounds, or seconds in them, differ by more than chance: %s %s tell as much as about %s independent of each other",
			format.Count(p.N), s.counted, format.Count(int64(math.Ceil(p.Effective))))
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
func (s shareLimit) undecided(p stat.Proportion, rounds int) (more int, why string) {
	const inside = "the limit lies inside the interval"
	n := int64(float64(s.enough(p)) * float64(p.N) / p.Effective)
	if s.repeats { // which is why fewer of them are independent
		n = s.enough(p)
	}
	switch {
	case p.Value == s.limit:
		return 0, inside + ", and the share is the limit: no number of " + s.counted + " would decide"
	case n == 0:
		return 0, inside + ": the share is too near to the limit to decide"
	case s.repeats:
		return 0, fmt.Sprintf("%s: at this share it takes about %s different examples (data.corpus) to decide", inside, format.Count(roundUp(n)))
	}
	takes := fmt.Sprintf("%s: at this share it takes about %s %s to decide", inside, format.Count(roundUp(n)), s.counted)
	if all := float64(rounds) * float64(n) / float64(p.N); all <= mostRounds {
		more = int(math.Ceil(all))
		takes += fmt.Sprintf(", %s in all", format.Plural(more, "round"))
	}
	return more, takes
}

// enough is how many independent ones decide the share seen; 0 where no number that can be asked for
// does.
func (s shareLimit) enough(p stat.Proportion) int64 {
	for n := int64(1); n < 1<<40; n += n/8 + 1 {
		low, high := stat.Exact(p.Value, float64(n))
		if s.good(low) == s.good(high) {
			return n
		}
	}
	return 0
}

// roundUp rounds to two significant digits.
func roundUp(n int64) int64 {
	step := int64(1)
	for n/step >= 100 {
		step *= 10
	}
	return (n + step - 1) / step * step
}
