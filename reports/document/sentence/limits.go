package sentence

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// WorstFirst are the limits in the order of their verdicts.
func WorstFirst(all []gate.Gate) []gate.Gate {
	return slices.SortedStableFunc(slices.Values(all), func(x, y gate.Gate) int { return y.Verdict.Compare(x.Verdict) })
}

// Limit is a limit in words.
type Limit struct {
	Limit    string `json:"limit"`    // "≤ 50 ms"
	Observed string `json:"observed"` // "2.41 ms"
	Interval string `json:"interval"` // "[2.36, 2.49] ms"; "" when there is none
	Why      string `json:"why"`      // a clause, when not PASS
	Note     string `json:"note"`     // what the figure leaves open, a clause; "" when there is nothing to say
}

// NewLimit words a limit.
func NewLimit(g gate.Gate) Limit {
	l := Limit{Limit: "≤ ", Observed: string(g.Missing), Interval: limitInterval(g), Note: openEnd(g)}
	if g.Least {
		l.Limit = "≥ "
	}
	bound := Quantity(g.Bound, g.Unit)
	l.Limit += bound
	switch g.Missing {
	case "":
		l.Observed = Quantity(g.Value, g.Unit)
	case gate.Above:
		l.Observed = "> " + bound
	case gate.Within:
		l.Observed = "≤ " + bound
	}
	if g.Verdict != record.Pass {
		l.Why = whyOf(g)
	}
	return l
}

// LimitLine is a limit in one line, without its verdict, target and phase: "p99 response
// time 61.2 ms [58.0, 66.1] ms, limit ≤ 50 ms, n 12,000: the whole interval lies above
// the limit".
func LimitLine(g gate.Gate) string {
	l := NewLimit(g)
	s := g.Metric + " " + l.Observed
	if l.Interval != "" {
		s += " " + l.Interval
	}
	s += ", limit " + l.Limit
	if g.N > 0 {
		s += ", n " + SampleOf(g)
	}
	if l.Why != "" {
		s += ": " + l.Why
	}
	return s
}

// SampleOf is how many the gate was judged by: "12,000" requests or answers, or "5
// rounds", "6 starts".
func SampleOf(g gate.Gate) string {
	if g.Of == gate.OfRounds || g.Of == gate.OfStarts {
		return format.Plural(int(g.N), strings.TrimSuffix(g.Of, "s"))
	}
	return format.Count(g.N)
}

// Quantity is a value with its unit; an infinite time is that of a request without an
// answer.
func Quantity(v float64, unit stat.Unit) string {
	switch {
	case math.IsInf(v, 1):
		return "no answer"
	case unit == stat.Seconds:
		return format.Duration(duration(v))
	case unit == stat.PerSecond:
		return format.Rate(v)
	case unit == stat.Dollars:
		return format.Dollars(v)
	}
	return format.Percent(v)
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

// limitInterval is the interval of the figure; "" of none.
func limitInterval(g gate.Gate) string {
	switch {
	case g.Missing == gate.Above: // which is all that is known of it
		return "(" + Quantity(g.Bound, g.Unit) + ", ∞)"
	case g.Missing == gate.Within:
		return "(0, " + Quantity(g.Bound, g.Unit) + "]"
	case g.Metric == gate.Capacity && !g.HasInterval:
		return ""
	case g.Metric == gate.Capacity && math.IsInf(g.High, 1):
		return "[" + format.RateNumber(g.Low) + ", ∞)/s"
	case g.Metric == gate.Capacity:
		return "[" + format.RateNumber(g.Low) + ", " + format.RateNumber(g.High) + ")/s"
	case math.IsInf(g.High, 1):
		return "[" + Quantity(g.Low, g.Unit) + ", " + Quantity(g.High, g.Unit) + "]"
	case !g.HasInterval:
		return ""
	case g.Unit == stat.Seconds:
		return format.Range(duration(g.Low), duration(g.High))
	case g.Unit == stat.PerSecond:
		return format.Interval(g.Low, g.High) + "/s"
	case g.Unit == stat.Dollars:
		return format.DollarsInterval(g.Low, g.High)
	}
	return format.PercentInterval(g.Low, g.High)
}

// LimitWithin is the figure with its interval, where they share a unit.
func LimitWithin(g gate.Gate) string {
	switch {
	case !g.HasInterval || g.Missing != "":
		return ""
	case g.Unit == stat.Seconds:
		return format.DurationWithin(duration(g.Value), duration(g.Low), duration(g.High))
	case g.Unit == stat.Share:
		return format.PercentWithin(g.Value, g.Low, g.High)
	}
	return ""
}

// whyOf says why a limit did not pass.
func whyOf(g gate.Gate) string {
	switch {
	case g.Verdict == record.InvalidInstrument:
		return "the measurement is not valid, see the diagnostics"
	case g.Unavailable != "":
		return "the target is not available here: " + g.Unavailable
	case g.Gap != nil:
		return "it holds in what was measured, " + g.Gap.String()
	case g.Missing == gate.NotSearched && g.Metric == gate.Cost:
		return "a cost, that of a function too, is worked out at a rate that is certified to hold the slo, and a load at a given rate certifies none: servebench capacity does"
	case g.Missing == gate.NotSearched:
		return "a load at a given rate does not measure it: servebench capacity does"
	case g.Metric == gate.Capacity:
		return whyCapacity(g)
	case g.Metric == gate.Cost:
		return whyCost(g)
	case g.Abort != nil && g.Abort.Before != "":
		return fmt.Sprintf("the load was aborted before it in %s, in phase %s: %s", format.Rounds(sample.AbortRounds(g.Abort.Aborts)), g.Abort.Before, g.Abort.Aborts[0].Text)
	case g.Abort != nil:
		return fmt.Sprintf("the load was aborted in %s: %s", format.Rounds(sample.AbortRounds(g.Abort.Aborts)), g.Abort.Aborts[0].Text)
	case g.Deadlines != nil && g.Verdict == record.Inconclusive:
		return countedWithin(*g.Deadlines) + ": it takes a run with these limits"
	case g.Verdict == record.Fail:
		return whyBroken(g)
	case g.Missing != "" && g.Missing != gate.NoAnswer:
		return whyMissing(g)
	case g.Unit == stat.PerSecond && !g.HasInterval:
		return fmt.Sprintf("an interval of the goodput takes %d rounds, not %d", stat.FewRounds, g.N)
	}
	return whyOpen("the limit lies inside the interval", g)
}

// whyCapacity says why a capacity did not pass.
func whyCapacity(g gate.Gate) string {
	breaks := "no rate is shown to break the slo"
	if !math.IsInf(g.High, 1) {
		breaks = "the slo breaks at " + format.Rate(g.High)
	}
	switch {
	case g.Verdict == record.Fail:
		return breaks
	case g.Missing == gate.NotCertified && g.N == 0:
		return "no search for it came to a certificate"
	case g.Missing == gate.NotCertified:
		return "no rate is certified, and " + breaks
	}
	return fmt.Sprintf("%s is certified, and %s", format.Rate(g.Value), breaks)
}

// whyMissing says why there is no figure.
func whyMissing(g gate.Gate) string {
	switch g.Missing {
	case gate.NotRecorded:
		return fmt.Sprintf("the %s is recorded where the scenario limits it: it takes a run with this limit", strings.TrimPrefix(g.Metric, format.Quantile(g.Q)+" "))
	case gate.NothingSent:
		return "no request was sent"
	case gate.Unknown:
		return map[string]string{
			gate.ErrorRate: "no request came to its end", gate.Agreement: "no answer was checked", gate.Accuracy: "no answer had a label",
		}[g.Metric]
	case gate.AlreadyRunning:
		return "the server ran already, so there is no start to time"
	case gate.NoStart:
		return "no start came to its end"
	case gate.TooFew:
		return whyOpen(fmt.Sprintf("%s of %s requests took longer or failed", format.Count(g.Counted), format.Count(g.N)), g)
	}
	if g.Phase == "" {
		return "the run measures how servers start, and no load"
	}
	return "this target was not measured in this phase"
}

// whyBroken says how a limit was broken.
func whyBroken(g gate.Gate) string {
	switch {
	case g.Of == gate.OfStarts:
		how := "took longer or came to no right answer"
		switch g.Unanswered {
		case 0:
			how = "took longer"
		case g.Counted:
			how = "came to no right answer"
		}
		return fmt.Sprintf("%d of %s %s", g.Counted, format.Plural(int(g.N), "start"), how)
	case g.Unit == stat.Share:
		return fmt.Sprintf("%s of %s", format.Count(g.Counted), format.Count(g.N))
	case g.Counted > 0:
		how := "failed"
		if g.Missing == gate.Above {
			how = "took longer or failed"
		}
		return fmt.Sprintf("%s of %s requests %s, more than the %s that %s leaves room for",
			format.Count(g.Counted), format.Count(g.N), how, format.Percent(1-g.Q), format.Quantile(g.Q))
	case g.Least:
		return "the whole interval lies below the limit"
	}
	return "the whole interval lies above the limit"
}

// whyOpen says what would decide a limit, if the figure stayed as it is.
func whyOpen(why string, g gate.Gate) string {
	switch {
	case g.Examples != nil:
		return fmt.Sprintf("%s: at this share it takes about %s different examples to decide, and %s", why, roundedUp(g.Needs), whereExamples(*g.Examples, g.Needs))
	case g.Needs > 0:
		text := fmt.Sprintf("%s: at this share it takes about %s %s to decide", why, roundedUp(g.Needs), g.Of)
		if g.More > 0 {
			text += fmt.Sprintf(", %s in all", format.Plural(g.More, "round"))
		}
		return text
	case g.More > 0:
		return fmt.Sprintf("%s: it takes about %s in all", why, format.Plural(g.More, "round"))
	case g.Missing == "" && g.Value == g.Bound:
		return fmt.Sprintf("%s, and the figure is the limit: no number of %s would decide", why, g.Of)
	case g.Missing == gate.NoAnswer || g.Missing == "" && g.Unit == stat.Seconds && !bounded(g):
		return why + ": more rounds would narrow it"
	}
	return fmt.Sprintf("%s: it would take more than %s rounds to decide", why, format.Count(gate.MostRounds))
}

// whereExamples says where more different examples come from, if from anywhere.
func whereExamples(x gate.Examples, needs int64) string {
	corpus := fmt.Sprintf("the run asks with %s: raise data.corpus to %s and send as many requests", format.Count(x.Used), roundedUp((needs+x.PerRequest-1)/x.PerRequest))
	switch {
	case x.Held == 0 || x.Held >= needs:
		return corpus
	case x.Used/x.PerRequest < x.Held/x.PerRequest:
		return fmt.Sprintf("the data file holds only %s, of which the run asks with %s: add records to it, and leave data.corpus out", format.Count(x.Held), format.Count(x.Used))
	}
	return fmt.Sprintf("the data file holds only %s: add records to it; more rounds ask the same again", format.Count(x.Held))
}

// bounded says that the end of the interval that lies behind the limit is known.
func bounded(g gate.Gate) bool {
	if g.Value > g.Bound {
		return g.Low > 0
	}
	return !math.IsInf(g.High, 1)
}

// roundedUp is a number rounded up to two significant digits.
func roundedUp(n int64) string {
	step := int64(1)
	for n/step >= 100 {
		step *= 10
	}
	return format.Count((n + step - 1) / step * step)
}

// openEnd says what a figure leaves open.
func openEnd(g gate.Gate) string {
	switch {
	case g.Cost != nil && g.Missing == "":
		return costBasis(*g.Cost)
	case g.Deadlines != nil && g.Verdict == record.Pass:
		return countedWithin(*g.Deadlines) + ", which are no fewer"
	case g.Deadlines != nil && g.Verdict == record.Fail:
		return countedWithin(*g.Deadlines) + ", which are no more"
	case g.Effective > 0:
		return fmt.Sprintf("%s of the same round or second fare alike: the interval is as wide as that of about %s, not %s",
			g.Of, format.Plural(int(math.Ceil(g.Effective)), "independent "+strings.TrimSuffix(g.Of, "s")), format.Count(g.N))
	case g.Unseen == 0:
		return ""
	case g.Missing == gate.Within:
		return fmt.Sprintf("%s of %s requests took longer or failed: of all, at most %s may, and %s leaves room for %s",
			format.Count(g.Counted), format.Count(g.N), format.Percent(g.Unseen), format.Quantile(g.Q), format.Percent(1-g.Q))
	}
	text := fmt.Sprintf("the longest of %s; up to %s of all starts may be longer; median %s",
		format.Plural(int(g.N), "start"), format.Percent(g.Unseen), format.Duration(g.Median.Value))
	if g.Median.HasInterval {
		text += " " + format.Range(g.Median.Low, g.Median.High)
	}
	return text
}

func countedWithin(d gate.Deadlines) string {
	within := func(deadline time.Duration) string {
		if deadline == 0 {
			return "however late they came"
		}
		return "within " + format.Duration(deadline)
	}
	return fmt.Sprintf("answers were counted %s, not %s", within(d.Counted), within(d.Wanted))
}
