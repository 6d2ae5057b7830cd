package main

import (
	"fmt"

	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
	"servebench/scenarios"
)

// planned is how an A/B test of a scenario is judged, and when.
func planned(s *scenarios.Scenario, same bool) (record.ABTest, error) {
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
	plan.Interims = recorded(p.Interims)
	return plan, nil
}

// recorded are interim analyses as the record has them.
func recorded(interims []paired.Interim) []record.Interim {
	var all []record.Interim
	for _, interim := range interims {
		all = append(all, record.Interim(interim))
	}
	return all
}
