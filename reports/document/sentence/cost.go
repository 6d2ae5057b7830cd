package sentence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/pricing"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// SearchDoubts are what limits belief in the search that a capacity rests on, each as a sentence.
func SearchDoubts(m cost.Measured) (all []string) {
	for _, d := range m.Diagnostics {
		all = append(all, fmt.Sprintf("Search on %s, %s %s: %s", m.Target, d.Severity, d.Rule, format.Sentence(Diagnostic(d))))
	}
	return all
}

// SearchNote is what limits a capacity and belief in its search, in short: "The capacity is
// limited by CPU. Its search has 1 warning: sent (98 % sent)."; "": neither is known.
func SearchNote(m cost.Measured) string {
	var said []string
	if by := LimitedBy(m.LimitedBy); by != "" {
		said = append(said, "The capacity is limited by "+by+".")
	}
	count := map[record.Severity]int{}
	var short []string
	for _, d := range m.Diagnostics {
		count[d.Severity]++
		short = append(short, d.Rule+" ("+d.Figure+")")
	}
	var counted []string
	for _, severity := range []record.Severity{record.SeverityError, record.SeverityWarning, record.SeverityNote} {
		if n := count[severity]; n > 0 {
			counted = append(counted, format.Plural(n, severity.String()))
		}
	}
	if counted != nil {
		said = append(said, "Its search has "+Listed(counted)+": "+strings.Join(short, ", ")+".")
	}
	return strings.Join(said, " ")
}

// Beside are the remarks that have to stand beside a cost: it may be that of another thing.
func Beside(e cost.Estimate) (all []string) {
	for _, r := range e.Remarks {
		if IsBeside(r) {
			all = append(all, pricing.CostRemark(r))
		}
	}
	return all
}

// IsBeside says that a remark is one of these.
func IsBeside(r cost.Remark) bool {
	return slices.Contains([]cost.RemarkKind{
		cost.Emulated, cost.OtherArchitecture, cost.Burstable, cost.GPUNotMeasured, cost.NoInterval, cost.CappedRate,
	}, r.Kind)
}

// CostDoubts are what speaks against believing what a place costs: what limits belief in the
// search, what has to stand beside the cost, and what is not in it.
func CostDoubts(e cost.Estimate) []string {
	all := append(SearchDoubts(*e.Measured), Beside(e)...)
	if far := pricing.Far(e.Remarks); far != "" {
		all = append(all, far)
	}
	if without := pricing.Unpriced(e.Remarks); without != "" {
		all = append(all, without)
	}
	return all
}

// AdviceDoubts are what speaks against believing the costs of the places that the advice names,
// in short. All of it is in the report with the places that it is true of.
func AdviceDoubts(a *advice.Advice) (all []string) {
	var processors, emulated, old []string
	if ranked := a.Priced(); len(ranked) > 0 {
		all = SearchDoubts(*ranked[0].Measured)
	}
	for _, e := range a.Priced() {
		for _, r := range e.Remarks {
			switch r.Kind {
			case cost.OtherProcessor:
				processors = addOnce(processors, cmp.Or(r.Text, "a processor that the run does not name"))
			case cost.Emulated:
				emulated = addOnce(emulated, fmt.Sprintf("%s (%s)", e.Measured.Target, r.Text))
			case cost.OldPrice:
				old = addOnce(old, r.Text)
			}
		}
	}
	for _, r := range firstRemarks(a) {
		all = append(all, a.Priced()[0].Place.ID+": "+pricing.CostRemark(r))
	}
	if len(emulated) > 0 {
		all = append(all, "Emulated, so not what the real place would give: "+strings.Join(emulated, ", ")+". Measure there before you decide.")
	}
	if len(processors) > 0 {
		all = append(all, "The capacities were measured on "+strings.Join(processors, ", ")+", not on the processors of these places.")
	}
	if n := len(old); n > 0 {
		all = append(all, fmt.Sprintf("%s may be older than %d days.", format.Plural(n, "price"), int(prices.MaxAge.Hours()/24)))
	}
	return all
}

// firstRemarks are those that make the first place another thing than what was measured, or
// leave something out of its cost.
func firstRemarks(a *advice.Advice) (all []cost.Remark) {
	told := []cost.RemarkKind{cost.NoInterval, cost.NoUpperRate, cost.CappedRate, cost.OtherArchitecture, cost.Burstable, cost.SharedUnit, cost.OtherRegion, cost.NoPriceInRegion, cost.GPUNotMeasured, cost.NoPrice, cost.UnknownAnswers, cost.UnknownColdStart}
	if ranked := a.Priced(); len(ranked) > 0 {
		for _, r := range ranked[0].Remarks {
			if slices.Contains(told, r.Kind) {
				all = append(all, r)
			}
		}
	}
	return all
}

func addOnce(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

// whyCost says why a cost did not pass.
func whyCost(g gate.Gate) string {
	switch e := g.Cost; {
	case e == nil:
		return "the scenario of the run does not say what traffic is served, and where: it takes a search with the key cost"
	case e.Unfit != nil:
		return "on " + e.Place.ID + ", " + asKeys().Replace(pricing.Unfit(*e.Unfit))
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
	all := []string{fmt.Sprintf("on %s, with %s %s on average and %s at the peak.", e.Place.ID, format.Number(e.Mean), pricing.UnitName(e.Place), format.Number(e.Peak))}
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
