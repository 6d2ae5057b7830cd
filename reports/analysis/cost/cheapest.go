package cost

import (
	"fmt"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/analysis/sample"
	"servebench/reports/prices"
)

// Cheapest prices what the search of a run measured as the key cost of its scenario says, with
// the prices that the run recorded: by target, at the cheapest of the places that can run it, or
// with the reason why none can. None without that key.
func Cheapest(set *sample.Set, found []capacity.Searched) (map[string]Estimate, error) {
	c := set.Run.Scenario.Cost
	if c == nil {
		return nil, nil
	}
	curve, err := traffic.Parse(c.Traffic)
	if err != nil {
		return nil, fmt.Errorf("recorded cost: %w", err)
	}
	table, err := prices.ReadCSV("recorded prices", []byte(c.Table), set.Run.Created)
	if err != nil {
		return nil, err
	}
	places := Places(table)
	places = slices.DeleteFunc(places, func(p Place) bool { return !slices.Contains(c.Place, p.ID) })
	if len(places) == 0 {
		return nil, fmt.Errorf("recorded prices: there are none of %v", c.Place)
	}
	cheapest := map[string]Estimate{}
	for _, m := range Of(set, found, nil) {
		// By itself: which places suit it does not depend on the other targets.
		all := Price([]Measured{m}, places, curve, Options{c.Serving, c.ScaleLag, c.Eviction}, table, set.Run.Created)
		cheapest[m.Target] = all[0]
	}
	return cheapest, nil
}

// RowsOf are the prices of a table that the costs at places are worked out from.
func RowsOf(t prices.Table, places []Place) prices.Table {
	needed := map[string]bool{}
	for _, p := range places {
		for _, row := range slices.Concat(p.unit, p.cpu, p.memory, p.request, p.fee, p.balancer, p.load, p.address, p.egress) {
			needed[row.ID()] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(t), func(p prices.Price) bool { return !needed[p.ID()] })
}

// AtMost says that the cost is no more than its Value, and may be less: the highest rate that was
// asked for is certified.
func (e Estimate) AtMost() bool {
	return slices.ContainsFunc(e.Remarks, func(r Remark) bool { return r.Kind == CappedRate })
}

// Doubt is the first of the remarks by which the cost is not that of the place: something was
// emulated, a part of the bill is missing, or there is no interval. nil: there is none.
func (e Estimate) Doubt() *Remark {
	i := slices.IndexFunc(e.Remarks, func(r Remark) bool {
		return slices.Contains([]RemarkKind{Emulated, NoPrice, UnknownAnswers, NoInterval}, r.Kind)
	})
	if i < 0 {
		return nil
	}
	return &e.Remarks[i]
}
