package ab

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"servebench/reports/analysis"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/analysis/validity"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
)

// Plan is how an A/B test of a scenario is judged, and when.
func Plan(s *scenarios.Scenario, same bool) (record.ABTest, error) {
	rule, phases := s.Regression, 0
	for _, p := range s.Load {
		if p.Measure {
			phases++
		}
	}
	plan := record.ABTest{Same: same, Metrics: rule.Metrics, Margin: rule.Margin, Tolerance: rule.Tolerance}
	p, err := paired.NewPlan(max(phases, 1)*len(rule.Metrics), rule.Rounds, rule.Margin, rule.Tolerance)
	if err != nil {
		return plan, fmt.Errorf("regression: %w", err)
	}
	plan.Interims = p.Interims
	return plan, nil
}

// further are the interim analyses of a run that is continued: its own, and one more where it has
// been at all of them.
func further(run *record.Run, rounds int) ([]record.Interim, error) {
	a, err := analyseToContinue(run)
	if err != nil {
		return nil, err
	}
	interims := run.AB.Interims
	last := interims[len(interims)-1].Pairs
	switch {
	case a.Validity == record.Invalid && !a.Empty():
		return nil, errors.New("it is INVALID for more than its last round, and further rounds do not make it believable; want a new A/B test")
	case a.AB.Decided():
		return nil, fmt.Errorf("it is decided: %s: %s; want a new A/B test", a.AB.Verdict, sentence.ABWhy(a))
	case (a.AB.Interim < len(interims) || a.Shortfall() != nil) && (rounds == 0 || rounds == last):
		return interims, nil
	case rounds == 0:
		return nil, fmt.Errorf("all its %d rounds have been run; want --rounds %s", last, suggestRounds(a))
	}
	plan := paired.Plan{Margin: run.AB.Margin, Tolerance: run.AB.Tolerance, Interims: interims}
	if plan, err = plan.Extend(rounds); err != nil {
		return nil, fmt.Errorf("--rounds %d: %w", rounds, err)
	}
	return plan.Interims, nil
}

// analyseToContinue judges what a run is continued from: all of it but a last round
// that the instrument was disturbed in, which is rerun.
func analyseToContinue(run *record.Run) (*analysis.Analysis, error) {
	a, err := analysis.Analyse(run)
	if err != nil || a.Validity != record.Invalid || len(run.Cells) == 0 {
		return a, err
	}
	last := slices.MaxFunc(run.Cells, func(a, b record.Cell) int { return cmp.Compare(a.Round, b.Round) }).Round
	left, disturbed := *run, false
	left.Cells = slices.Clone(run.Cells)
	for i := range left.Cells {
		c := &left.Cells[i]
		if c.Round != last || c.Discarded != "" {
			continue
		}
		why, err := validity.DiagnoseTrial(run, c.Trial())
		if err != nil {
			return nil, err
		}
		disturbed, c.Discarded = disturbed || why != "", record.RoundInterrupted
	}
	if !disturbed {
		return a, nil
	}
	left.Scenario.Rounds = max(last-1, 1)
	return analysis.Analyse(&left)
}

// suggestRounds is how many rounds would settle it, as far as that is known.
func suggestRounds(a *analysis.Analysis) string {
	if a.AB.More > 0 {
		return strconv.Itoa(a.AB.More)
	}
	return "N, more than that in all"
}

// ParseWithRules reads a scenario, and gives it the usual rules of an A/B test where it
// has none itself.
func ParseWithRules(set []decode.Setting, parse func([]decode.Setting) (*scenarios.Scenario, error)) (*scenarios.Scenario, error) {
	s, err := parse(set)
	if err == nil && s.Regression == nil {
		s, err = parse(append(slices.Clone(set), decode.Setting{Key: "regression", Value: "{}", Flag: "the usual rules of an A/B test"}))
	}
	if err != nil {
		return nil, err
	}
	return s, s.CheckABTest()
}
