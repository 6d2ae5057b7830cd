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

// startGates judges every start of a target by itself: nothing bounds the longest
// of some starts from above, so it has no interval, and Note says what that leaves
// open. A server that ran already has no start to judge; where noStarts says that all
// of them did, the limit stays undecided.
func startGates(slo record.SLO, target record.Target, noStarts bool) []Gate {
	if slo.ColdStart <= 0 || target.Running && !noStarts {
		return nil
	}
	c := sample.NewColdStart(target)
	g := Gate{
		Target: target.Name, Metric: "cold start", Limit: "≤ " + format.Duration(slo.ColdStart),
		Bound: slo.ColdStart.Seconds(), Unit: "s", N: int64(c.N + c.Failed), Of: "starts",
	}
	longest := c.Whole().Max
	switch {
	case target.Running:
		g.Observed, g.Verdict, g.Why = "no start", record.Inconclusive, "the server ran already, so there is no start to time"
		return []Gate{g}
	case g.N == 0:
		g.Observed, g.Verdict, g.Why = "no start", record.Inconclusive, "no start came to its end"
		return []Gate{g}
	case c.Failed > 0:
		g.Observed = "no answer"
	default:
		g.Observed, g.Value, g.Known = format.Duration(longest), longest.Seconds(), true
	}
	if k := startsOver(target, slo.ColdStart); k+c.Failed > 0 {
		g.Verdict, g.Why = record.Fail, startsBroken(k, c)
	} else {
		g.Verdict, g.Note = record.Pass, startsOpen(c)
	}
	return []Gate{g}
}

func startsOver(target record.Target, limit time.Duration) int {
	n := 0
	for _, d := range target.Deployments {
		if d.Answered() && d.FirstAnswerAt() > limit {
			n++
		}
	}
	return n
}

// startsBroken says how many starts broke the limit, and how.
func startsBroken(over int, c sample.ColdStart) string {
	how := "took longer"
	switch {
	case over == 0:
		how = "came to no right answer"
	case c.Failed > 0:
		how = "took longer or came to no right answer"
	}
	return fmt.Sprintf("%d of %s %s", over+c.Failed, format.Plural(c.N+c.Failed, "start"), how)
}

// startsOpen says how many of other starts may break a limit that all of these
// keep: the upper end of the exact 95 % interval of none of n, 1 − 0.025^(1/n)
// (Clopper and Pearson, see surelyMore); and beside that the median.
func startsOpen(c sample.ColdStart) string {
	text := fmt.Sprintf("the longest of %s; up to %s of all starts may be longer",
		format.Plural(c.N, "start"), format.Percent(1-math.Pow(stat.Unlikely, 1/float64(c.N))))
	median := c.Whole().Median
	text += "; median " + format.Duration(median.Value)
	if median.HasInterval {
		text += " " + format.Range(median.Low, median.High)
	}
	return text
}
