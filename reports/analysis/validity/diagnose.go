// Package validity examines whether a run can be believed. Each rule looks for one fault,
// of the instrument, of the record or of the machine, and makes a diagnostic of it; an error
// makes the run INVALID.
package validity

import (
	"fmt"
	"slices"

	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// cellDiagnostic is a diagnostic about one cell, with how bad it is: of several of
// the same rule, target and phase, the worst speaks for all.
type cellDiagnostic struct {
	record.Diagnostic
	badness float64
}

// Subject is what is examined: what was measured in a run, and what the A/B test found,
// where it is one.
type Subject struct {
	*sample.Set
	AB *ab.Result
}

// Diagnose applies every rule, errors first, otherwise in the rules' order.
func Diagnose(a *Subject) []record.Diagnostic {
	var found []cellDiagnostic
	for _, rule := range cellRules() {
		for i, c := range a.Measured {
			if f, broken := rule.find(a, c, a.Cells[i]); broken {
				f.Severity = rule.severity
				f.Target, f.Phase, f.Round = c.Target, c.Phase, c.Round
				found = append(found, f)
			}
		}
	}
	all := slices.Concat(collapse(found), nonstationary(a), runDiagnostics(a))
	slices.SortStableFunc(all, func(x, y record.Diagnostic) int {
		switch {
		case (x.Severity == record.SeverityError) == (y.Severity == record.SeverityError):
			return 0
		case x.Severity == record.SeverityError:
			return -1
		}
		return 1
	})
	return all
}

// collapse makes one diagnostic of those that differ only in the trial.
func collapse(found []cellDiagnostic) []record.Diagnostic {
	type key struct{ rule, target, phase string }
	var order []key
	groups := make(map[key][]cellDiagnostic)
	for _, f := range found {
		k := key{f.Rule, f.Target, f.Phase}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], f)
	}
	var all []record.Diagnostic
	for _, k := range order {
		all = append(all, worst(groups[k]))
	}
	return all
}

func worst(group []cellDiagnostic) record.Diagnostic {
	d := slices.MaxFunc(group, func(a, b cellDiagnostic) int {
		switch {
		case a.badness < b.badness:
			return -1
		case a.badness > b.badness:
			return 1
		}
		return 0
	}).Diagnostic
	if len(group) == 1 {
		return d
	}
	var all []int
	for _, f := range group {
		all = append(all, f.Round)
	}
	rounds := sample.Distinct(all)
	if len(rounds) == 1 { // and again when it was rerun
		return d
	}
	d.Text = fmt.Sprintf("%s (%s of rounds %s)", d.Text, rankOf(group), format.List(rounds))
	d.Round = 0
	return d
}

// rankOf is what the diagnostic that is told was among the group's.
func rankOf(group []cellDiagnostic) string {
	for _, f := range group {
		if f.badness != group[0].badness {
			return "the worst"
		}
	}
	return "the first"
}
