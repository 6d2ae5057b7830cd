package document

import (
	"cmp"
	"fmt"
	"slices"

	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// StepsResult is how a target did as a clause: "held 400/s, broke at 800/s: p99 of the last 3 s
// above 2 s", "held all steps up to 1600/s", "held 400/s; the load was stopped at
// 800/s".
func StepsResult(s capacity.Stepped) string {
	switch {
	case len(s.Steps) == 0:
		return "came to no step"
	case len(s.Breaks) == 0:
		return heldSteps(s)
	}
	return brokeAt(s) + stoppedAt(s)
}

// heldSteps is the result of a target that did not break.
func heldSteps(s capacity.Stepped) string {
	switch {
	case s.Stop == nil || s.Rounds > 1: // then the others came to the end
		return "held all steps up to " + format.Rate(highestRate(s)) + stoppedAt(s)
	case s.Stop.Held > 0:
		return "held " + format.Rate(s.Stop.Held) + stoppedAt(s)
	}
	return "held no step to its end" + stoppedAt(s)
}

// stoppedAt says that, and where, the load of a round was stopped.
func stoppedAt(s capacity.Stepped) string {
	switch {
	case s.Stop == nil:
		return ""
	case s.Rounds > 1:
		return fmt.Sprintf("; the load was stopped at %s in round %d", format.Rate(s.Stop.Rate), s.Stop.Round)
	}
	return "; the load was stopped at " + format.Rate(s.Stop.Rate)
}

// brokeAt is the result of a target that did.
func brokeAt(s capacity.Stepped) string {
	low := slices.MinFunc(s.Breaks, func(a, b capacity.Break) int { return cmp.Compare(a.Step, b.Step) })
	high := slices.MaxFunc(s.Breaks, func(a, b capacity.Break) int { return cmp.Compare(a.Step, b.Step) })
	text := "broke in the first step, at " + format.Rate(low.Rate)
	if low.Held > 0 {
		text = fmt.Sprintf("held %s, broke at %s", format.Rate(low.Held), format.Rate(low.Rate))
	}
	if low.Step < high.Step {
		text += " to " + format.Rate(high.Rate)
	}
	ended := s.Rounds // by the target or the plan
	if s.Stop != nil {
		ended--
	}
	switch {
	case ended > len(s.Breaks):
		text += fmt.Sprintf(" in %d of %d rounds", len(s.Breaks), ended)
	case ended > 1:
		text += fmt.Sprintf(" in %d rounds", ended)
	case s.Rounds > 1:
		text += fmt.Sprintf(" in round %d", low.Round)
	}
	return text + ": " + low.Why
}

// StepName is the step's rate, "400/s", with its time where another step has the
// same: "100/s, 20 s to 30 s".
func StepName(s capacity.Stepped, step capacity.Step) string {
	alike := 0
	for _, other := range s.Steps {
		if other.Rate == step.Rate {
			alike++
		}
	}
	if alike < 2 {
		return format.Rate(step.Rate)
	}
	return fmt.Sprintf("%s, %g s to %g s", format.Rate(step.Rate), step.Start.Seconds(), (step.Start + step.Duration).Seconds())
}

func highestRate(s capacity.Stepped) float64 {
	highest := 0.0
	for _, step := range s.Steps {
		highest = max(highest, step.Rate)
	}
	return highest
}

// SaturationResult is what a target answers at most as a clause: "12,400/s at most, at concurrency 16; concurrency 8
// comes within 5 % of it".
func SaturationResult(s capacity.Saturation) string {
	most, fewest := s.Points[s.Most], s.Points[s.Fewest]
	text := fmt.Sprintf("%s at most", format.Rate(most.Rate))
	if most.HasInterval {
		text += " " + format.Interval(most.Low, most.High)
	}
	text += ", at " + sample.FormatConcurrency(most.Concurrency)
	if s.Fewest != s.Most {
		text += fmt.Sprintf("; within 5 %% of it from %s on", sample.FormatConcurrency(fewest.Concurrency))
	}
	if s.Most == len(s.Points)-1 && s.Fewest == s.Most {
		text += ", the most that were tried: it may be higher with more"
	}
	if most.Idle() {
		text += "; neither server nor generator was busy then: this may not be the server's limit"
	}
	return text
}

// MetricLine is a metric's comparison in one line, without its verdict and phase: "p50 +23.0 %
// [+12.1, +29.9] %, 907 µs against 726 µs, p 0.00049, 11 pairs: significantly worse, …".
func MetricLine(m ab.Metric) string {
	if len(m.Pairs) == 0 {
		return m.Name + ": " + m.Why
	}
	baseline, candidate := m.Typical()
	s := m.Name + " " + format.Change(m.Ratio)
	figures := fmt.Sprintf(", %s against %s", m.FormatFigure(candidate), m.FormatFigure(baseline))
	if bounds := m.Bounds(); bounds != "" {
		s += " " + bounds + figures + ", p " + format.Number(m.P)
	} else { // there was no interim analysis yet
		s += figures
	}
	s += fmt.Sprintf(", %d pairs", len(m.Pairs))
	if m.Why != "" {
		s += ": " + m.Why
	}
	return s
}

// ErrorsLine is the comparison of error rates in one line, without its verdict and phase: "error rate 2 %
// against 0.1 %, n 4,000 and 4,000, p 0.0003".
func ErrorsLine(e ab.Errors) string {
	s := fmt.Sprintf("error rate %s against %s, n %s and %s, p %s",
		format.Percent(e.Candidate.Value), format.Percent(e.Baseline.Value),
		format.Count(e.Candidate.N), format.Count(e.Baseline.N), format.Number(e.P))
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}

// Advice says what the Command of an A/B test that is not settled is for, or, where there
// is none, that no rounds would settle it; "" of any other.
func Advice(d *ab.Result) string {
	switch {
	case d.Command == "" && (d.Verdict != record.Inconclusive || d.Same || d.Interim == 0):
		return ""
	case d.Command == "":
		return "with this estimate and spread, no number of rounds that may be added would settle it"
	case d.Interim < d.Interims || d.More <= d.Pairs+len(d.Lost): // the latter was killed before it was judged
		return fmt.Sprintf("the test is not at its end: the next interim analysis is after round %d; this continues it", d.More)
	}
	text := fmt.Sprintf("if the estimate and the spread stay as they are, about %d rounds in all would settle it. Rounds beyond the plan are judged more strictly: "+
		"a false PASS has a chance of %s there, of 5 %% in the whole plan. ", d.More, format.Percent(paired.ExtensionBeta))
	if d.Anew > 0 {
		text += fmt.Sprintf("A new A/B test with --rounds %d from the start would be shorter. ", d.Anew)
	}
	return text + fmt.Sprintf("This adds %d to the same run", d.More-d.Pairs-len(d.Lost))
}
