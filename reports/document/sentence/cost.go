package sentence

import (
	"fmt"
	"strings"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/pricing"
	"servebench/reports/format"
	"servebench/reports/record"
)

// whyCost says why a cost did not pass.
func whyCost(g gate.Gate) string {
	switch e := g.Cost; {
	case e == nil:
		return "the scenario of the run does not say what traffic is served, and where: it takes a search with the key cost"
	case e.Unfit != nil:
		return "at " + e.Place.ID + ", " + asKeys().Replace(pricing.Unfit(*e.Unfit))
	case g.Verdict == record.Fail:
		return whyBroken(g)
	case e.Doubt() != nil:
		return "the figure decides nothing: " + asKeys().Replace(costDoubt(*e.Doubt()))
	}
	return "the limit lies inside the interval, which is as wide as that of the capacity"
}

// costDoubt says by what a cost is not that of the place.
func costDoubt(r cost.Remark) string {
	switch r.Kind {
	case cost.Emulated:
		return "it was measured under emulation (" + r.Text + "), and the real place may be faster"
	case cost.NoPrice:
		return "the price of " + pricing.Position(r.Text) + " is missing in it; add one with --prices"
	case cost.UnknownAnswers:
		return "egress is missing in it, since the length of the answers is not known; give it with --answer-bytes"
	}
	return "it has no interval, because the billed compute has none; search again to get one"
}

// asKeys names the flags of servebench cost as a scenario does.
func asKeys() *strings.Replacer {
	return strings.NewReplacer("--answer-bytes", "cost.answer_bytes", "--concurrency", "cost.concurrency", "--prices", "cost.prices", "--region", "cost.region")
}

// costBasis says where a cost holds, and what it rests on.
func costBasis(e cost.Estimate) string {
	all := []string{fmt.Sprintf("at %s, with %s %s on average and %s at the peak.", e.Place.ID, format.Number(e.Mean), pricing.UnitName(e.Place), format.Number(e.Peak))}
	oldest := 0.0
	for _, r := range e.Remarks {
		if r.Kind == cost.OldPrice {
			oldest = max(oldest, r.Value)
			continue
		}
		all = append(all, asKeys().Replace(pricing.CostRemark(r)))
	}
	if oldest > 0 {
		all = append(all, fmt.Sprintf("The oldest of its prices was up to %s days old at the time of the run.", format.Count(int64(oldest))))
	}
	return strings.Join(all, " ")
}
