package gate

import (
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// shareLimit is a limit on a share of requests or answers.
type shareLimit struct {
	metric  string
	bound   float64
	counted string // what the share is of
	of      func(sample.Row) stat.Proportion
	// exact judges the share seen in this run, not the one behind it.
	exact bool
	// repeats says that an example that is sent again tells nothing more.
	repeats bool
}

func sharesOf(slo record.SLO) []shareLimit {
	var set []shareLimit
	if slo.Errors != nil {
		// No run, however long, can show a rate of zero beyond itself.
		set = append(set, shareLimit{metric: ErrorRate, bound: *slo.Errors, counted: OfRequests, of: sample.Row.ErrorRate, exact: *slo.Errors == 0})
	}
	if slo.Agreement != nil {
		// The model is the same everywhere: what it answers is no matter of chance, and
		// one wrong answer is a fault found.
		set = append(set, shareLimit{metric: Agreement, bound: *slo.Agreement, counted: OfAnswers, of: func(r sample.Row) stat.Proportion { return r.Agreement }, exact: true})
	}
	if slo.Accuracy != nil {
		set = append(set, shareLimit{metric: Accuracy, bound: *slo.Accuracy, counted: OfAnswers, of: func(r sample.Row) stat.Proportion { return r.Accuracy }, repeats: true})
	}
	return set
}

func (s subject) shareGates(row sample.Row) []Gate {
	var all []Gate
	for _, l := range sharesOf(s.slo) {
		all = append(all, l.judge(l.of(row), row.Rounds, s.examples(row.Target)))
	}
	return all
}

func (s subject) examples(target string) Examples {
	sent := s.Run.RequestsTo(target)
	x := Examples{PerRequest: int64(max(sent.Batch, 1)), Used: sent.Distinct()}
	if data := s.Run.Scenario.Data; data != nil {
		x.Held = int64(data.Records)
	}
	return x
}

func (l shareLimit) gate() Gate {
	return Gate{Metric: l.metric, Bound: l.bound, Least: l.metric != ErrorRate, Unit: stat.Share, Of: l.counted}
}

func (l shareLimit) judge(p stat.Proportion, rounds int, x Examples) Gate {
	g := l.gate()
	g.N, g.Counted, g.Verdict = p.N, p.K, record.Inconclusive
	if p.N == 0 {
		g.Missing = Unknown
		return g
	}
	g.Value, g.Low, g.High, g.HasInterval = p.Value, p.Low, p.High, true
	low, high := p.Low, p.High
	if l.exact {
		low, high = p.Value, p.Value
	}
	switch {
	case g.keeps(low) && g.keeps(high):
		g.Verdict = record.Pass
	case !g.keeps(low) && !g.keeps(high):
		g.Verdict = record.Fail
	case p.Value == l.bound: // which no number of them would decide
	default:
		g.Needs = enough(p.Value, func(low, high float64) bool { return g.keeps(low) == g.keeps(high) })
		if l.repeats && g.Needs > x.Used && x.Used > 0 {
			g.Examples = &x
			break
		}
		if g.Needs = int64(float64(g.Needs) * float64(p.N) / p.Effective); g.Needs > 0 {
			g.More = wholeRounds(float64(rounds) * float64(g.Needs) / float64(p.N))
		}
	}
	if p.Effective < float64(p.N) && !l.repeats && !l.exact {
		g.Effective = p.Effective
	}
	return g
}

// keeps says that a value is within the limit.
func (g *Gate) keeps(value float64) bool {
	if g.Least {
		return value >= g.Bound
	}
	return value <= g.Bound
}

// enough is about how many independent trials decide a share, should it stay as seen; 0: no
// number of them would.
func enough(seen float64, decides func(low, high float64) bool) int64 {
	for n := int64(1); n < 1<<40; n += n/8 + 1 {
		if decides(stat.Exact(seen, float64(n))) {
			return n
		}
	}
	return 0
}
