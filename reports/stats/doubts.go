package stats

import (
	"fmt"
	"slices"
)

// finding is a doubt about one cell, with how bad it is: of several findings of
// the same rule, target and phase, the worst speaks for all.
type finding struct {
	Doubt
	badness float64
}

// doubts applies every rule, fatal ones first, otherwise in the rules' order.
func doubts(a *Analysis, cells []*cell) []Doubt {
	var found []finding
	for _, rule := range cellRules() {
		for i, c := range cells {
			if f, doubtful := rule.find(a, c, a.Cells[i]); doubtful {
				f.Fatal = rule.fatal
				f.Target, f.Phase, f.Round = c.Target, c.Phase, c.Round
				found = append(found, f)
			}
		}
	}
	all := slices.Concat(collapse(found), nonstationary(a, cells), runDoubts(a))
	slices.SortStableFunc(all, func(x, y Doubt) int {
		switch {
		case x.Fatal == y.Fatal:
			return 0
		case x.Fatal:
			return -1
		}
		return 1
	})
	return all
}

// collapse makes one doubt of those that differ only in the trial.
func collapse(found []finding) []Doubt {
	type key struct{ rule, target, phase string }
	var order []key
	groups := make(map[key][]finding)
	for _, f := range found {
		k := key{f.Rule, f.Target, f.Phase}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], f)
	}
	var all []Doubt
	for _, k := range order {
		all = append(all, worst(groups[k]))
	}
	return all
}

func worst(group []finding) Doubt {
	d := slices.MaxFunc(group, func(a, b finding) int {
		switch {
		case a.badness < b.badness:
			return -1
		case a.badness > b.badness:
			return 1
		}
		return 0
	}).Doubt
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
	d.Text = fmt.Sprintf("%s (%s of rounds %s)", d.Text, rankOf(group), listed(rounds))
	d.Round = 0
	return d
}

// rankOf is what the finding that is told was among the group's.
func rankOf(group []finding) string {
	for _, f := range group {
		if f.badness != group[0].badness {
			return "the worst"
		}
	}
	return "the first"
}
