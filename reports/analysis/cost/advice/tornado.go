package advice

import (
	"cmp"
	"slices"

	"servebench/reports/analysis/cost"
)

// Bar is what the first place costs at the low and the high value of an input, all others as
// they are.
type Bar struct {
	Input Input `json:"input"`
	Low   End   `json:"low"`
	High  End   `json:"high"`
}

// End is what one value of an input does.
type End struct {
	Value float64 `json:"value"`
	// USD is what the first place costs a month then; 0 where it cannot serve, for Unfit.
	USD   float64      `json:"usd_month"`
	Unfit *cost.Remark `json:"unfit"`
	// First is another place that comes first then, at its cost; nil: none does.
	First    *Choice `json:"first"`
	FirstUSD float64 `json:"first_usd_month"`
}

// Swing is how far the costs that the bar covers lie apart: those of the ends at which the place
// can serve, and the cost as it is, in US dollars a month.
func (b Bar) Swing(now float64) float64 {
	low, high := now, now
	for _, end := range []End{b.Low, b.High} {
		if end.Unfit == nil {
			low, high = min(low, end.USD), max(high, end.USD)
		}
	}
	return high - low
}

// priceSwing is how far prices are moved up and down, peakSwing how often the ratio of the peak
// to the mean is multiplied and divided, and leastSwing the part of the cost below which it does
// not depend on an input.
const (
	priceSwing = 0.2
	peakSwing  = 2
	leastSwing = 0.001
)

// tornado moves each input to its low and its high value, and leaves out those that change
// nothing.
func (m *model) tornado(now cost.Estimate) []Bar {
	x := now.Measured
	all := []Bar{m.priceBar(now, Price, ownParts())}
	if slices.ContainsFunc(now.Parts, func(p cost.Part) bool { return p.Name == cost.PartEgress && p.USD > 0 }) {
		all = append(all, m.priceBar(now, Egress, []cost.PartName{cost.PartEgress}))
	}
	if x.Breaks > x.Rate && now.Place.Kind != cost.Function {
		all = append(all, m.bar(now, Capacity, x.Rate, x.Breaks, func(q *cost.Costs, v float64) { m.ofFirst(q, now).Rate = v }))
	}
	if now.Place.Kind == cost.Function {
		low, high := x.Billed.GBSeconds.Low, x.Billed.GBSeconds.High
		if x.Billed.GBSeconds.NoHigh { // what was seen, for want of an interval
			low, high = x.Billed.Least, x.Billed.Most
		}
		all = append(all, m.bar(now, Billed, low, high, func(q *cost.Costs, v float64) {
			of := m.ofFirst(q, now)
			billed := *of.Billed
			billed.GBSeconds = cost.Interval{Value: v, Low: v, High: v}
			of.Billed = &billed
		}))
	}
	all = append(all, m.bar(now, Redundancy, 0, 2, func(q *cost.Costs, v float64) { q.Options.Redundancy = int(v) }))
	if ratio := peakToMean(m.Traffic); ratio > 1+1e-9 {
		all = append(all, m.bar(now, Peak, m.sharpening(max(1, ratio/peakSwing)), m.sharpening(ratio*peakSwing), func(q *cost.Costs, v float64) {
			q.Traffic = sharpened(q.Traffic, v)
		}))
		b := &all[len(all)-1]
		b.Low.Value, b.High.Value = peakToMean(sharpened(m.Traffic, b.Low.Value)), peakToMean(sharpened(m.Traffic, b.High.Value))
	}
	all = slices.DeleteFunc(all, func(b Bar) bool {
		serves := b.Low.Unfit == nil && b.High.Unfit == nil
		return serves && b.Swing(now.Month.Value) < leastSwing*now.Month.Value && b.Low.First == nil && b.High.First == nil
	})
	slices.SortStableFunc(all, func(a, b Bar) int { return cmp.Compare(b.Swing(now.Month.Value), a.Swing(now.Month.Value)) })
	return all
}

// ofFirst is the target of the first place in a question.
func (m *model) ofFirst(q *cost.Costs, now cost.Estimate) *cost.Measured {
	return &q.Measured[slices.IndexFunc(q.Measured, func(x cost.Measured) bool {
		return x.Run == now.Measured.Run && x.Target == now.Measured.Target
	})]
}

func (m *model) bar(now cost.Estimate, input Input, low, high float64, change func(*cost.Costs, float64)) Bar {
	end := func(v float64) End {
		return endOf(v, now, m.with(func(q *cost.Costs) { change(q, v) }).estimates())
	}
	return Bar{input, end(low), end(high)}
}

// endOf looks for the place that came first among the estimates with one input changed.
func endOf(v float64, now cost.Estimate, all []cost.Estimate) End {
	end := End{Value: v}
	for _, e := range all {
		if ChoiceOf(e) == ChoiceOf(now) {
			end.USD, end.Unfit = e.Month.Value, e.Unfit
		}
	}
	if e, serves := first(all); serves && whereOf(e) != whereOf(now) {
		choice := ChoiceOf(e)
		end.First, end.FirstUSD = &choice, e.Month.Value
	}
	return end
}

// priceBar moves the prices of some positions of the first place's bill, at all places that
// use them.
func (m *model) priceBar(now cost.Estimate, input Input, names []cost.PartName) Bar {
	ids := pricedBy(now, names)
	end := func(factor float64) End {
		all := m.estimates()
		for i := range all {
			all[i].Month.Value += (factor - 1) * paidFor(all[i], ids)
		}
		return endOf(factor, now, all)
	}
	return Bar{input, end(1 - priceSwing), end(1 + priceSwing)}
}

// sharpening is the factor by which the traffic is sharpened to a ratio of the peak to the
// mean, or as near to it as it goes.
func (m *model) sharpening(ratio float64) float64 {
	const most = 1e4
	if ratio <= 1 {
		return 0
	}
	return bisect(0, most, func(f float64) bool { return peakToMean(sharpened(m.Traffic, f)) < ratio })
}
