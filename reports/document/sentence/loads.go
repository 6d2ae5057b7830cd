package sentence

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
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
	return text + ": " + breaksWhy(s.Breaks)
}

// breaksWhy says why a target did not hold a step in some rounds.
func breaksWhy(breaks []capacity.Break) string {
	shares := make([]float64, len(breaks))
	allLost, allLate, same := true, true, true
	for i, b := range breaks {
		same = same && BreakWhy(b) == BreakWhy(breaks[0])
		allLost = allLost && b.Aborted == "" && b.Lost.N > 0
		allLate = allLate && b.Aborted == "" && b.Lost.N == 0 && b.Grace == breaks[0].Grace
		if shares[i] = b.Lost.Value; b.Lost.N == 0 && b.InTime.N > 0 {
			shares[i] = float64(b.InTime.K) / float64(b.InTime.N)
		}
	}
	switch {
	case same:
		return BreakWhy(breaks[0])
	case allLost:
		return fmt.Sprintf("%s of the requests failed or were censored, more than %s", sharesOf(shares), format.Percent(capacity.StepErrors))
	case allLate:
		return fmt.Sprintf("%s of the requests due were answered before %s after the step's end, less than %s",
			sharesOf(shares), format.Duration(breaks[0].Grace), format.Percent(capacity.StepAnswered))
	}
	var all []string
	for _, b := range breaks {
		all = append(all, fmt.Sprintf("%s (round %d)", BreakWhy(b), b.Round))
	}
	return Listed(all)
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
	text += ", at " + concurrency(most.Concurrency)
	if s.Fewest != s.Most {
		text += fmt.Sprintf("; within 5 %% of it from %s on", concurrency(fewest.Concurrency))
	}
	if s.Most == len(s.Points)-1 && s.Fewest == s.Most {
		text += ", the most that were tried: it may be higher with more"
	}
	if most.Idle() {
		text += "; neither server nor generator was busy then: this may not be the server's limit"
	}
	return text
}

// concurrency is "concurrency 16".
func concurrency(n int) string { return "concurrency " + format.Count(int64(n)) }

// Asked says what was asked of the target: "200/s", or "concurrency 16" of a closed
// loop.
func Asked(r sample.Row) string {
	if r.Concurrency > 0 {
		return concurrency(r.Concurrency)
	}
	return format.Rate(r.Offered)
}

// load says what a phase asks of a target and by which loop: "poisson
// arrivals, 200/s for 5 s, open loop", "steps from 200/s to 800/s for 40 s, open
// loop", "concurrency 16 for 10 s, think time 10 ms, exponential, closed loop".
func load(p record.Phase) string {
	if p.Open {
		return fmt.Sprintf("%s for %s, open loop", arrivalsOf(p), format.Duration(p.Duration))
	}
	text := fmt.Sprintf("%s for %s", concurrency(p.Concurrency), format.Duration(p.Duration))
	if p.Think != "" {
		text += ", think time " + p.Think
	}
	return text + ", closed loop"
}

// arrivalsOf words the arrival process of an open loop with its rate.
func arrivalsOf(p record.Phase) string {
	switch {
	case len(p.Steps) > 0:
		return fmt.Sprintf("%s from %s to %s", p.Arrivals, format.Rate(p.Steps[0].Rate), format.Rate(farthest(p.Steps).Rate))
	case sample.EvenArrivals(p.Arrivals):
		return p.Arrivals + " arrivals, " + format.Rate(p.Rate)
	}
	return p.Arrivals + ", " + format.Rate(p.Rate) + " on average"
}

// farthest is the step whose rate differs most from the first one's: the last one of
// a staircase, the height of a spike.
func farthest(steps []record.Step) record.Step {
	return slices.MaxFunc(steps, func(a, b record.Step) int {
		return cmp.Compare(math.Abs(a.Rate-steps[0].Rate), math.Abs(b.Rate-steps[0].Rate))
	})
}
