package validity

import (
	"fmt"
	"slices"

	"servebench/reports/format"
	"servebench/reports/record"
)

// lostPairs tells of rounds of an A/B test that have no pair, and of metrics that could not
// use all that have one.
func lostPairs(a *Subject) []record.Diagnostic {
	if a.AB == nil {
		return nil
	}
	var all []record.Diagnostic
	if lost := a.AB.Lost; len(lost) > 0 {
		figure := fmt.Sprintf("%d of %d", len(lost), a.AB.Pairs+len(lost))
		all = append(all, record.Diagnostic{
			Rule: "lost-pairs", Figure: figure + " rounds", Threshold: "none",
			Text:   fmt.Sprintf("%s rounds have no pair, since not both variants were measured in them to the end: %s", figure, format.List(lost)),
			Action: "see what went wrong in them: what is lost at random only costs power, what one variant loses is in its errors",
		})
	}
	for _, m := range a.AB.Metrics {
		if len(m.Pairs) >= a.AB.Pairs {
			continue
		}
		figure := fmt.Sprintf("%d of %d pairs", len(m.Pairs), a.AB.Pairs)
		all = append(all, record.Diagnostic{
			Rule: "few-pairs", Phase: m.Phase, Figure: m.Name + ": " + figure, Threshold: "all",
			Text:   fmt.Sprintf("%s can be compared in %s only: the others have too few requests in a round, or no answers there", m.Name, figure),
			Action: "make the phase longer or its rate higher, or compare another metric",
		})
	}
	return all
}

// sameProcess tells of a variant of an A/B test that is not started afresh in each round.
func sameProcess(t record.Target) record.Diagnostic {
	return record.Diagnostic{
		Rule: "running", Target: t.Name, Figure: "one process in all rounds", Threshold: "a fresh one in each",
		Text:   "the server ran already, so that one process serves all rounds: what it has by chance, such as where its memory lies, counts as its variant's, and false alarms are more frequent",
		Action: "let servebench start the server, or take a FAIL for what it is: two processes differ",
	}
}

// inBothVariants says that the variants of an A/B test have a fact in common.
func (a *Subject) inBothVariants(f record.Fact) bool {
	return !slices.ContainsFunc(a.Run.Targets, func(t record.Target) bool {
		return !slices.ContainsFunc(t.Facts, func(g record.Fact) bool { return g.Name == f.Name && g.Value == f.Value })
	})
}
