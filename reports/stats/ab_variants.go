package stats

import (
	"slices"

	"servebench/reports/format"
	"servebench/reports/record"
)

// VariantFact is what is known of both variants of an A/B test under one name; "" where of one
// nothing is.
type VariantFact struct{ Name, Baseline, Candidate string }

// Differs says that the variants do not have it in common.
func (f VariantFact) Differs() bool { return f.Baseline != f.Candidate }

// VariantFacts are the facts of both variants, those that differ first; nil of a run that is
// no A/B test.
func (a *Analysis) VariantFacts() []VariantFact {
	abTest := a.Run.AB
	if abTest == nil {
		return nil
	}
	all := []VariantFact{{"source", abTest.Baseline.Source, abTest.Candidate.Source}, {"target", abTest.Baseline.Kind, abTest.Candidate.Kind}}
	for _, f := range slices.Concat(abTest.Baseline.Facts, abTest.Candidate.Facts) {
		if !slices.ContainsFunc(all, func(have VariantFact) bool { return have.Name == f.Name }) {
			all = append(all, VariantFact{f.Name, factNamed(abTest.Baseline, f.Name), factNamed(abTest.Candidate, f.Name)})
		}
	}
	slices.SortStableFunc(all, func(x, y VariantFact) int {
		switch {
		case x.Differs() == y.Differs():
			return 0
		case x.Differs():
			return -1
		}
		return 1
	})
	return all
}

func factNamed(variant record.Variant, name string) string {
	for _, f := range variant.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// ABMethod says in words how the figures of an A/B test are made.
const ABMethod = "Each round plays the same due times and payloads on a fresh server of either variant, in an order that is drawn. " +
	"Baseline and candidate are the medians of the rounds; a request that failed counts as slower than any. " +
	"Change is the Hodges–Lehmann estimate of candidate ÷ baseline over the pairs of rounds, p that of Wilcoxon's signed-rank test of no worse, one-sided and exact"

// ABColumns says in short why the change of a metric does not follow from the two
// figures beside it.
const ABColumns = "CHANGE is not the ratio of the two columns before it: these are medians over all rounds, CHANGE is found within each round " +
	"and estimated over them (Hodges–Lehmann), since rounds can differ by more than the servers do"

// BoundsMethod says what the bounds of an A/B test's metrics are worth, at the interim analysis that
// was reached last; "" where there was none.
func (a *Analysis) BoundsMethod() string {
	if a.AB == nil || a.AB.Interim == 0 {
		return ""
	}
	interim, metrics := a.Run.AB.Interims[a.AB.Interim-1], len(a.AB.Metrics)
	text := "Bounds, at this interim analysis: the true change is worse than both in at most " + format.Percent(interim.Beta) +
		" of such A/B tests, and better than both in at most " + format.Percent(interim.Alpha/float64(metrics))
	if metrics > 1 { // what Holm's step finds surely worse is bounded by no change
		text += " (" + format.Percent(interim.Alpha) + " where one of them is 0.0 %)"
	}
	return text
}

// Conditions says what an A/B test's candidate fails and passes by: "FAIL: surely worse,
// and by 3 % or more as estimated. PASS: surely worse by less than 5 %. …".
func (a *Analysis) Conditions() string {
	abTest := a.Run.AB
	if abTest == nil {
		return ""
	}
	return "FAIL: surely worse, and by " + format.Percent(abTest.Margin) + " or more as estimated. PASS: surely worse by less than " +
		format.Percent(abTest.Tolerance) + ". INCONCLUSIVE: neither is sure"
}
