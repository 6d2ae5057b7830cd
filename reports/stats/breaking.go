package stats

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// broke says why a cell did not hold a step; "" when it did, or never came to it.
func (c *cell) broke(step record.Step, grace time.Duration) string {
	seconds, _ := c.stepSeconds(step)
	if len(seconds) == 0 {
		return ""
	}
	end := step.Start + step.Duration
	if c.Aborted != "" && c.Window <= end {
		return strings.TrimSpace(c.Aborted)
	}
	var all record.Ledger
	var intime int64
	for i := range seconds {
		all = addLedgers(all, seconds[i].ledger(c))
		intime += seconds[i].answeredBy(end + grace)
	}
	lost := stat.NewProportion(all.Failed+all.Censored, all.Sent)
	switch {
	case lost.Low > StepErrors:
		return fmt.Sprintf("%s of %s requests failed or were censored, more than %s",
			format.Percent(lost.Value), format.Count(lost.N), format.Percent(StepErrors))
	case c.Window >= end && float64(intime) < StepAnswered*float64(all.Scheduled):
		return fmt.Sprintf("%s of %s requests due were answered before %s after the step's end, less than %s",
			format.Percent(float64(intime)/float64(all.Scheduled)), format.Count(all.Scheduled), format.Duration(grace), format.Percent(StepAnswered))
	}
	return ""
}

// grace is how long after a step's end its answers may still come, by how long three
// quarters of the first step's took that has a rate above 0.
func (c *cell) grace(steps []record.Step) time.Duration {
	first := max(0, slices.IndexFunc(steps, func(s record.Step) bool { return s.Rate > 0 }))
	seconds, _ := c.stepSeconds(steps[first])
	usual := responses(seconds)
	if usual.Total() < stat.TailCount {
		return StepGrace
	}
	return StepGrace + time.Duration(usual.At(stat.Rank(0.75, usual.Total())))
}

// answeredBy is how many of the slice's requests were surely answered rightly by
// a moment of the schedule: due times are known to the slice only, so that each
// counts as due at its end.
func (s *slice) answeredBy(moment time.Duration) int64 {
	var n int64
	for _, b := range s.response {
		if b.Value <= int64(moment-s.End()) {
			n += b.Count
		}
	}
	return n
}

func sortBreaks(breaks []Break) {
	slices.SortFunc(breaks, func(a, b Break) int { return cmp.Compare(a.Round, b.Round) })
}

// Says is the result as a clause: "held 400/s, broke at 800/s: p99 of the last 3 s
// above 2 s", "held all steps up to 1600/s", "held 400/s; the load was stopped at
// 800/s".
func (s Stepped) Says() string {
	switch {
	case len(s.Steps) == 0:
		return "came to no step"
	case len(s.Breaks) == 0:
		return s.held()
	}
	return s.brokeAt() + s.stopped()
}

// held is the result of a target that did not break.
func (s Stepped) held() string {
	switch {
	case s.Stop == nil || s.Rounds > 1: // then the others came to the end
		return "held all steps up to " + format.Rate(s.highest()) + s.stopped()
	case s.Stop.Held > 0:
		return "held " + format.Rate(s.Stop.Held) + s.stopped()
	}
	return "held no step to its end" + s.stopped()
}

// stopped says that, and where, the load of a round was stopped.
func (s Stepped) stopped() string {
	switch {
	case s.Stop == nil:
		return ""
	case s.Rounds > 1:
		return fmt.Sprintf("; the load was stopped at %s in round %d", format.Rate(s.Stop.Rate), s.Stop.Round)
	}
	return "; the load was stopped at " + format.Rate(s.Stop.Rate)
}

// brokeAt is the result of a target that did.
func (s Stepped) brokeAt() string {
	low := slices.MinFunc(s.Breaks, func(a, b Break) int { return cmp.Compare(a.Step, b.Step) })
	high := slices.MaxFunc(s.Breaks, func(a, b Break) int { return cmp.Compare(a.Step, b.Step) })
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
func (s Stepped) StepName(step Step) string {
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

func (s Stepped) highest() float64 {
	highest := 0.0
	for _, step := range s.Steps {
		highest = max(highest, step.Rate)
	}
	return highest
}

// StepLine is what all targets held in one line; "" of a run without steps.
func (a *Analysis) StepLine() string {
	var parts []string
	several := slices.ContainsFunc(a.Stepped, func(s Stepped) bool { return s.Phase != a.Stepped[0].Phase })
	for _, s := range a.Stepped {
		phase := ""
		if several {
			phase = ", " + s.Phase + ":"
		}
		parts = append(parts, a.Label(s.Target)+phase+" "+s.Says())
	}
	return strings.Join(parts, "; ")
}

// StepMethod says where a target broke, as the rest of a sentence, for captions.
func StepMethod() string {
	return fmt.Sprintf("in the first step in which the load was ended by abort_on or the end of the server, or more than %s of the requests sent failed or were censored, chance apart, or fewer than %s of those due were answered rightly before %s after the step's end plus what three quarters of the first step's answers took, which is what counts as answered",
		format.Percent(StepErrors), format.Percent(StepAnswered), format.Duration(StepGrace))
}
