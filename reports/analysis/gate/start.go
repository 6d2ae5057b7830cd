package gate

import (
	"math"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// startGates judges every start of a target by itself: nothing bounds the longest
// of some starts from above, so it has no interval, and Unseen and Median say what that
// leaves open. A server that ran already has no start to judge; where noStarts says that
// all of them did, the limit stays undecided.
func startGates(slo record.SLO, target record.Target, noStarts bool) []Gate {
	if slo.ColdStart <= 0 || target.Running && !noStarts {
		return nil
	}
	c := sample.NewColdStart(target)
	g := Gate{
		Target: target.Name, Metric: "cold start", Bound: slo.ColdStart.Seconds(), Unit: stat.Seconds,
		N: int64(c.N + c.Failed), Of: OfStarts, Verdict: record.Inconclusive,
	}
	switch {
	case target.Running:
		g.Missing = AlreadyRunning
		return []Gate{g}
	case g.N == 0:
		g.Missing = NoStart
		return []Gate{g}
	case c.Failed > 0:
		g.Missing = NoAnswer
	default:
		g.Value = c.Whole().Max.Seconds()
	}
	g.Verdict, g.Unanswered = record.Fail, int64(c.Failed)
	if g.Counted = startsOver(target, slo.ColdStart) + g.Unanswered; g.Counted == 0 {
		g.Verdict, g.Median = record.Pass, c.Whole().Median
		// The upper end of the exact 95 % interval of none of n, 1 − 0.025^(1/n): C. J.
		// Clopper and E. S. Pearson, see package stat.
		g.Unseen = 1 - math.Pow(stat.Unlikely, 1/float64(c.N))
	}
	return []Gate{g}
}

func startsOver(target record.Target, limit time.Duration) (n int64) {
	for _, d := range target.Deployments {
		if d.Answered() && d.FirstAnswerAt() > limit {
			n++
		}
	}
	return n
}
