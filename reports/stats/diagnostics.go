package stats

import (
	"fmt"
	"slices"

	"servebench/reports/format"
)

// cellDiagnostic is a diagnostic about one cell, with how bad it is: of several of
// the same rule, target and phase, the worst speaks for all.
type cellDiagnostic struct {
	Diagnostic
	badness float64
}

// diagnostics applies every rule, errors first, otherwise in the rules' order.
func diagnostics(a *Analysis, cells []*cell) []Diagnostic {
	var found []cellDiagnostic
	for _, rule := range cellRules() {
		for i, c := range cells {
			if f, broken := rule.find(a, c, a.Cells[i]); broken {
				f.Severity = rule.severity
				f.Target, f.Phase, f.Round = c.Target, c.Phase, c.Round
				found = append(found, f)
			}
		}
	}
	all := slices.Concat(collapse(found), nonstationary(a, cells), runDiagnostics(a))
	slices.SortStableFunc(all, func(x, y Diagnostic) int {
		switch {
		case (x.Severity == SeverityError) == (y.Severity == SeverityError):
			return 0
		case x.Severity == SeverityError:
			return -1
		}
		return 1
	})
	return all
}

// collapse makes one diagnostic of those that differ only in the trial.
func collapse(found []cellDiagnostic) []Diagnostic {
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
	var all []Diagnostic
	for _, k := range order {
		all = append(all, worst(groups[k]))
	}
	return all
}

func worst(group []cellDiagnostic) Diagnostic {
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
	rounds := distinct(all)
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
