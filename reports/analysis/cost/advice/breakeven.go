package advice

import (
	"cmp"
	"math"
	"slices"

	"servebench/reports/analysis/cost"
)

// BreakEven is a traffic at which the cheaper of two places changes: with the same shape, and
// all rates multiplied. Costs have steps, since units are whole ones, so that it may change
// several times near it.
type BreakEven struct {
	Below Choice `json:"below"` // is cheaper below From
	Above Choice `json:"above"` // is cheaper above To
	// From and To are mean rates, requests per second: those of the first and of the last
	// Change that lie near each other. They are the same where there is one.
	From    float64 `json:"from_rps"`
	To      float64 `json:"to_rps"`
	Changes int     `json:"changes"`
	// USD are the costs a month just below From and just above To: of Below, then of Above.
	// 0: it cannot serve.
	USDBelow [2]float64 `json:"usd_month_below"`
	USDAbove [2]float64 `json:"usd_month_above"`
	// Frontier says that the first of all places changes at it from one of these to the other.
	Frontier bool `json:"frontier"`
	// Unfit says why one cannot serve on the side on which the other is the cheaper; nil: both
	// can, and the cost decides.
	Unfit *cost.Remark `json:"unfit"`
}

// How far from the traffic asked for break-evens and flips are looked for, and how near to each
// other changes are one.
const (
	reach  = 1000.0
	nearby = 2.0
	coarse = 1.02  // from one traffic to the next
	fine   = 1.002 // near to a change
	exact  = 1e-10
)

// Always is a pair of places of which the same one is the better at all traffic that was looked
// at, from From to To requests per second on average. Changes counts those there and back again
// that lie near each other: 0 where there are none.
type Always struct {
	Better  Choice  `json:"better"`
	Worse   Choice  `json:"worse"`
	From    float64 `json:"from_rps"`
	To      float64 `json:"to_rps"`
	Changes int     `json:"changes"`
}

// breakEvens are those of each pair of the cheapest of each kind of place, hardware of one's
// own being one, and of each two places that follow each other as the first one, over all
// traffic that is looked at. A pair of kinds without any is among the others.
func (m *model) breakEvens(ranked []cost.Estimate) (all []BreakEven, none []Always) {
	type kind struct {
		kind cost.Kind
		own  bool
	}
	var kinds []kind
	var cheapest []cost.Estimate
	for _, e := range ranked {
		k := kind{e.Place.Kind, e.Place.Own()}
		if dependsOnTraffic(e.Unfit) && !slices.Contains(kinds, k) {
			kinds, cheapest = append(kinds, k), append(cheapest, e)
		}
	}
	var pairs []pair
	for i := range cheapest {
		for k := range i {
			pairs = append(pairs, m.pair(cheapest[k], cheapest[i]))
		}
	}
	ofKinds := len(pairs)
	for _, l := range m.leads() {
		i := slices.IndexFunc(pairs, func(p pair) bool { return p.is(l.of) || p.is([2]cost.Estimate{l.of[1], l.of[0]}) })
		if i < 0 {
			i, pairs = len(pairs), append(pairs, m.pair(l.of[0], l.of[1]))
		}
		pairs[i].leads = append(pairs[i].leads, l)
	}
	for i, p := range pairs {
		found, changes := p.breakEvens()
		all = append(all, found...)
		if better := p.cheaper(1); found == nil && i < ofKinds && better >= 0 {
			mean := m.Traffic.Mean()
			none = append(none, Always{ChoiceOf(p.of[better]), ChoiceOf(p.of[1-better]), mean / reach, mean * reach, changes})
		}
	}
	return all, none
}

// lead is a factor of the traffic at which the first of all places changes: of is the one below
// it, and the one above.
type lead struct {
	at float64
	of [2]cost.Estimate
}

// leads are all of these, those below the traffic asked for first, from it outwards.
func (m *model) leads() (all []lead) {
	at := func(factor float64) (cost.Estimate, bool) {
		return first(m.with(func(q *cost.Costs) { q.Traffic = q.Traffic.Times(factor) }).estimates())
	}
	for _, outmost := range []float64{1 / reach, reach} {
		values := geometric(1, outmost)
		now, serves := at(values[0])
		for i, v := range values[1:] {
			next, can := at(v)
			if can && serves && whereOf(next) != whereOf(now) {
				change := lasting(values[i], v, func(f float64) bool {
					e, can := at(f)
					return can && whereOf(e) == whereOf(now)
				})
				within, _ := at(beside(change, values[i]))
				if beyond, can := at(beside(change, v)); can {
					l := lead{change, [2]cost.Estimate{within, beyond}}
					if outmost < 1 {
						l.of = [2]cost.Estimate{beyond, within}
					}
					all = append(all, l)
				}
			}
			now, serves = next, can
		}
	}
	return all
}

// pair compares two places at any traffic.
type pair struct {
	*model
	of    [2]cost.Estimate
	leads []lead // at which one of both takes the first place from the other
}

func (m *model) pair(a, b cost.Estimate) pair { return pair{model: m, of: [2]cost.Estimate{a, b}} }

func (p pair) is(of [2]cost.Estimate) bool {
	return ChoiceOf(p.of[0]) == ChoiceOf(of[0]) && ChoiceOf(p.of[1]) == ChoiceOf(of[1])
}

// at are the estimates of both at a factor of the traffic.
func (p pair) at(factor float64) (both [2]cost.Estimate) {
	for i, e := range p.of {
		both[i] = cost.Price([]cost.Measured{*e.Measured}, []cost.Place{e.Place}, p.Traffic.Times(factor), p.Options, p.Prices, p.Now)[0]
	}
	return both
}

// cheaper is the index of the cheaper of both; −1 where neither can serve.
func (p pair) cheaper(factor float64) int {
	both := p.at(factor)
	switch a, b := month(both[0]), month(both[1]); {
	case math.IsInf(a, 1) && math.IsInf(b, 1):
		return -1
	case b < a:
		return 1
	}
	return 0
}

// change is a factor of the traffic from which another of the pair is cheaper.
type change struct {
	at       float64
	from, to int
}

// breakEvens looks at traffic from far below to far above that asked for, and more closely
// where the cheaper one changes. Where it changes back nearby there is no break-even, and the
// changes are counted, unless the first place of all changes there.
func (p pair) breakEvens() (all []BreakEven, back int) {
	rough := p.changes(1/reach, reach, coarse)
	for len(rough) > 0 {
		n := 1
		for n < len(rough) && rough[n].at < nearby*rough[n-1].at {
			n++
		}
		low, high := rough[0].at/math.Sqrt(nearby), rough[n-1].at*math.Sqrt(nearby)
		zone := p.changes(max(low, 1/reach), min(high, reach), fine)
		lead := slices.IndexFunc(zone, func(c change) bool { return slices.ContainsFunc(p.leads, c.isOf) })
		switch {
		case len(zone)%2 == 1:
			all = append(all, p.breakEven(zone))
		case lead < 0:
			back += len(zone)
		default: // it alone, and what changes back, before or after it
			for _, part := range [][]change{zone[:lead], zone[lead : lead+1], zone[lead+1:]} {
				if len(part)%2 == 1 {
					all = append(all, p.breakEven(part))
				}
			}
		}
		rough = rough[n:]
	}
	for _, l := range p.leads {
		at := l.at * p.Traffic.Mean()
		i := slices.IndexFunc(all, func(b BreakEven) bool { return b.From*(1-nearLead) <= at && at <= b.To*(1+nearLead) })
		if i < 0 {
			below := slices.IndexFunc(p.of[:], func(e cost.Estimate) bool { return ChoiceOf(e) == ChoiceOf(l.of[0]) })
			i, all = len(all), append(all, p.breakEven([]change{{l.at, below, 1 - below}}))
		}
		all[i].Frontier = true
	}
	slices.SortStableFunc(all, func(a, b BreakEven) int { return cmp.Compare(a.From, b.From) })
	return all, back
}

// nearLead is how near to each other a change of a pair and one of the first place are the same.
const nearLead = 1e-8

func (c change) isOf(l lead) bool { return math.Abs(c.at-l.at) <= nearLead*l.at }

// changes are those between two factors of the traffic.
func (p pair) changes(low, high, ratio float64) (all []change) {
	last, cheaper := low, p.cheaper(low)
	steps := int(math.Ceil(math.Log(high/low) / math.Log(ratio)))
	for i := 1; i <= steps; i++ {
		at := low * math.Pow(high/low, float64(i)/float64(steps))
		now := p.cheaper(at)
		if now >= 0 && cheaper >= 0 && now != cheaper {
			all = append(all, change{lasting(last, at, func(f float64) bool { return p.cheaper(f) == cheaper }), cheaper, now})
		}
		if now >= 0 {
			last, cheaper = at, now
		}
	}
	return all
}

// bisect finds a value between two, one at which something holds and one at which it does not,
// from which on it does not.
func bisect(holds, fails float64, held func(float64) bool) float64 {
	const most = 100 // halvings, of an interval that ends at 0
	for range most {
		if math.Abs(fails-holds) <= exact*max(math.Abs(holds), math.Abs(fails)) {
			break
		}
		if middle := holds + (fails-holds)/2; held(middle) {
			holds = middle
		} else {
			fails = middle
		}
	}
	return fails
}

// lasting is the value of bisect at which what held does not hold any more a little beyond it
// either: whole units of two places that are added at the same value are so within rounding alone.
func lasting(holds, fails float64, held func(float64) bool) float64 {
	const most = 20
	at := bisect(holds, fails, held)
	for range most {
		beyond := beside(at, fails)
		if (beyond-fails)*(holds-fails) <= 0 || !held(beyond) {
			break
		}
		at = bisect(beyond, fails, held)
	}
	return at
}

// beside is a value a little nearer to another one.
func beside(at, to float64) float64 {
	if to < at {
		return at * (1 - 10*exact)
	}
	return at * (1 + 10*exact)
}

func (p pair) breakEven(zone []change) BreakEven {
	first, last := zone[0], zone[len(zone)-1]
	mean, below, above := p.Traffic.Mean(), first.from, last.to
	before, after := p.at(beside(first.at, 0)), p.at(beside(last.at, math.Inf(1)))
	b := BreakEven{
		Below: ChoiceOf(p.of[below]), Above: ChoiceOf(p.of[above]), From: first.at * mean, To: last.at * mean, Changes: len(zone),
		USDBelow: [2]float64{before[below].Month.Value, before[above].Month.Value},
		USDAbove: [2]float64{after[below].Month.Value, after[above].Month.Value},
		Unfit:    before[above].Unfit,
	}
	if b.Unfit == nil {
		b.Unfit = after[below].Unfit
	}
	return b
}
