package sentence

import (
	"fmt"
	"math"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// ABWhy says in one sentence why the verdict of an A/B test is what it is, with the figure
// that decided; "" of one that is INVALID.
func ABWhy(a *analysis.Analysis) string {
	d := a.AB
	switch {
	case d.NeverServed != nil && d.NeverServed.Started:
		return "the " + d.NeverServed.Variant + " gave no right first answer: " + d.NeverServed.Cause
	case d.NeverServed != nil:
		return "the " + d.NeverServed.Variant + " did not start: " + d.NeverServed.Cause
	case d.Verdict == record.InvalidInstrument:
		return ""
	case d.LeftOpen:
		return Shortfall(a, a.Shortfall()) + "; until then " + decision(a, record.Pass)
	}
	return decision(a, d.Verdict)
}

// decision says what the rounds that were played came to.
func decision(a *analysis.Analysis, verdict record.Verdict) string {
	d := a.AB
	open := verdict == record.Inconclusive
	var parts, changes []string
	for _, e := range d.Errors {
		if why := errorsWhy(e); why != "" && !d.LeftOpen {
			parts = append(parts, why+inPhase(a, e.Phase))
		}
	}
	if open && len(d.LostMore) > 0 {
		parts = append(parts, fmt.Sprintf("the candidate's server did not last in %s, more often than the baseline's", format.Rounds(d.LostMore)))
	}
	for _, m := range d.Metrics {
		if open && len(m.Unmatched) > 0 {
			parts = append(parts, m.Name+inPhase(a, m.Phase)+": "+unmatched(m))
		}
		if m.Verdict == d.Verdict {
			changes = append(changes, strings.TrimSpace(differs(m)+" "+MetricBounds(m))+inPhase(a, m.Phase))
		}
	}
	if len(changes) > 0 {
		subject := "the candidate "
		if d.Test.Same {
			subject = "a server compared with itself "
		}
		parts = append(parts, subject+strings.Join(changes, ", and "))
	}
	return strings.Join(parts, "; ") + ", " + decidedAfter(d, open)
}

// decidedAfter says after how many rounds.
func decidedAfter(d *ab.Result, open bool) string {
	interims := d.Test.Interims
	if d.Interim == 0 {
		return fmt.Sprintf("seen in %s, before the first interim analysis at round %d", format.Plural(d.Pairs, "round"), interims[0].Pairs)
	}
	rounds, most := interims[d.Interim-1].Pairs, format.Plural(interims[len(interims)-1].Pairs, "round")
	switch {
	case d.Test.Same:
		return "after " + format.Plural(rounds, "round")
	case open:
		return fmt.Sprintf("not decided after %d of %s", rounds, most)
	}
	return fmt.Sprintf("decided after %d of %s", rounds, most)
}

// differs says by how much the candidate differs: "is 18.4 % slower at p50".
func differs(m ab.Metric) string {
	switch {
	case len(m.Pairs) == 0:
		return "cannot be compared at " + m.Name
	case math.IsInf(m.Ratio, 1) && !m.Less:
		return "does not answer at " + m.Name
	}
	words, known := map[string][2]string{
		record.MetricGoodput:   {"has %s more goodput", "has %s less goodput"},
		record.MetricCPU:       {"takes %s more CPU per request", "takes %s less CPU per request"},
		record.MetricColdStart: {"takes %s longer to its first answer", "takes %s less to its first answer"},
	}[m.Name]
	if !known {
		words = [2]string{"is %s slower at " + m.Name, "is %s faster at " + m.Name}
	}
	if m.Ratio > 1 {
		return fmt.Sprintf(words[0], format.Difference(m.Ratio))
	}
	return fmt.Sprintf(words[1], format.Difference(m.Ratio))
}

// MetricWhy says why a metric's verdict is what it is; "" where it has none yet.
func MetricWhy(d *ab.Result, m ab.Metric) string {
	tolerance := format.Percent(d.Test.Tolerance)
	switch {
	case d.Interim == 0 || m.Verdict == record.InvalidInstrument:
		return ""
	case m.Judged == 0:
		return "no round has enough answers of both variants to compare"
	case m.Verdict == record.Fail:
		return "significantly worse, with an estimate at or above the margin of " + format.Percent(d.Test.Margin)
	case m.Verdict == record.Pass:
		return "any slowdown is significantly below the tolerance of " + tolerance
	case d.LeftOpen:
		return "until now any slowdown is significantly below the tolerance of " + tolerance
	case m.Held:
		return unmatched(m)
	case m.SurelyWorse:
		return fmt.Sprintf("significantly worse, but a slowdown of more than %s can be neither shown nor ruled out", tolerance)
	}
	return fmt.Sprintf("it may be worse by more than %s, or not worse at all", tolerance)
}

func unmatched(m ab.Metric) string {
	return fmt.Sprintf("the baseline has a figure of it in %s, and the candidate none: those it is slowest in may be left out", format.Rounds(m.Unmatched))
}

// ErrorsWhy says why the verdict on the errors is no PASS; "" where it is.
func ErrorsWhy(d *ab.Result, e ab.Errors) string {
	if d.LeftOpen {
		return "the run is not at its end"
	}
	return errorsWhy(e)
}

func errorsWhy(e ab.Errors) string {
	against := fmt.Sprintf("the candidate failed %s of its requests, the baseline %s", format.Percent(e.Candidate.Value), format.Percent(e.Baseline.Value))
	switch {
	case e.Verdict == record.Fail && e.Wrong > 0:
		return fmt.Sprintf("the candidate gave %s wrong answers, the baseline none", format.Count(e.Wrong))
	case e.Verdict == record.Fail:
		return against
	case e.Verdict == record.Inconclusive:
		return against + ", though in too few rounds to be sure"
	}
	return ""
}

// MetricBounds are those of the ratio as changes: "[+12.1, +∞) %"; "" where there are none.
func MetricBounds(m ab.Metric) string {
	if m.Low <= 0 && math.IsInf(m.High, 1) {
		return ""
	}
	return format.ChangeInterval(m.Low, m.High)
}

// MetricLine is a metric's comparison in one line, without its verdict and phase: "p50 +23.0 %
// [+12.1, +29.9] %, 907 µs against 726 µs, p 0.00049, 11 pairs: significantly worse, …".
func MetricLine(d *ab.Result, m ab.Metric) string {
	s := m.Name
	if len(m.Pairs) > 0 {
		baseline, candidate := m.Typical()
		figures := fmt.Sprintf(", %s against %s", MetricFigure(m, candidate), MetricFigure(m, baseline))
		s += " " + format.Change(m.Ratio)
		if bounds := MetricBounds(m); bounds != "" {
			figures = " " + bounds + figures + ", p " + format.Number(m.P)
		}
		s += figures + fmt.Sprintf(", %d pairs", len(m.Pairs))
	}
	if why := MetricWhy(d, m); why != "" {
		s += ": " + why
	}
	return s
}

// ErrorsLine is the comparison of error rates in one line, without its verdict and phase: "error rate 2 %
// against 0.1 %, n 4,000 and 4,000, p 0.0003".
func ErrorsLine(d *ab.Result, e ab.Errors) string {
	s := fmt.Sprintf("error rate %s against %s, n %s and %s, p %s",
		format.Percent(e.Candidate.Value), format.Percent(e.Baseline.Value),
		format.Count(e.Candidate.N), format.Count(e.Baseline.N), format.Number(e.P))
	if why := ErrorsWhy(d, e); why != "" {
		s += ": " + why
	}
	return s
}

// Advice says what the Command of an A/B test that is not settled is for, or, where there
// is none, that no rounds would settle it; "" of any other.
func Advice(d *ab.Result) string {
	switch {
	case d.Command == "" && (d.Verdict != record.Inconclusive || d.Test.Same || d.Interim == 0):
		return ""
	case d.Command == "":
		return "with this estimate and spread, no number of rounds that may be added would settle it"
	case d.Interim < len(d.Test.Interims) || d.More <= d.Pairs+len(d.Lost): // the latter was killed before it was judged
		return fmt.Sprintf("the test is not at its end: the next interim analysis is after round %d; this continues it", d.More)
	}
	text := fmt.Sprintf("if the estimate and the spread stay as they are, about %d rounds in all would settle it. Rounds beyond the plan are judged more strictly: "+
		"a false PASS has a chance of %s there, of 5 %% in the whole plan. ", d.More, format.Percent(paired.ExtensionBeta))
	if d.Anew > 0 {
		text += fmt.Sprintf("A new A/B test with --rounds %d from the start would be shorter. ", d.Anew)
	}
	return text + fmt.Sprintf("This adds %d to the same run", d.More-d.Pairs-len(d.Lost))
}

// MetricFigure writes a figure of the metric's pairs with its unit.
func MetricFigure(m ab.Metric, v float64) string {
	switch {
	case m.Less:
		return format.Rate(v)
	case math.IsInf(v, 0):
		return "no answer"
	}
	return format.Duration(time.Duration(v))
}
