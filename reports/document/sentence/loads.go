package sentence

import (
	"cmp"
	"fmt"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/format"
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
	return text + ": " + BreakWhy(low)
}

// BreakWhy says why a target did not hold a step.
func BreakWhy(b capacity.Break) string {
	switch {
	case b.Aborted != "":
		return b.Aborted
	case b.Lost.N > 0:
		return fmt.Sprintf("%s of %s requests failed or were censored, more than %s",
			format.Percent(b.Lost.Value), format.Count(b.Lost.N), format.Percent(capacity.StepErrors))
	}
	return fmt.Sprintf("%s of %s requests due were answered before %s after the step's end, less than %s",
		format.Percent(float64(b.InTime.K)/float64(b.InTime.N)), format.Count(b.InTime.N), format.Duration(b.Grace), format.Percent(capacity.StepAnswered))
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
	text += ", at " + Concurrency(most.Concurrency)
	if s.Fewest != s.Most {
		text += fmt.Sprintf("; within 5 %% of it from %s on", Concurrency(fewest.Concurrency))
	}
	if s.Most == len(s.Points)-1 && s.Fewest == s.Most {
		text += ", the most that were tried: it may be higher with more"
	}
	if most.Idle() {
		text += "; neither server nor generator was busy then: this may not be the server's limit"
	}
	return text
}

// Concurrency is "concurrency 16".
func Concurrency(n int) string { return "concurrency " + format.Count(int64(n)) }
