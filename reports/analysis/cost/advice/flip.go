package advice

import (
	"cmp"
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/traffic"
)

// Input is what a cost depends on.
type Input string

// The inputs, with the unit of their values.
const (
	Traffic    Input = "traffic"        // the mean rate, requests per second
	P99        Input = "p99 limit"      // seconds
	Price      Input = "price"          // of a place's own, as a factor
	Egress     Input = "egress price"   // as a factor
	Redundancy Input = "redundancy"     // units
	Headroom   Input = "headroom"       // a share of the capacity
	Peak       Input = "peak to mean"   // of the traffic
	Capacity   Input = "capacity"       // of one server, requests per second
	Billed     Input = "billed compute" // GB-seconds of a request
)

// Flip says how far an input may move until another place comes first. Another size of the same
// service is no other place.
type Flip struct {
	Input Input   `json:"input"`
	Of    *Choice `json:"of"`  // whose price; nil: the input is that of all
	Now   float64 `json:"now"` // the value asked for
	// Below and Above are what lower and higher values do; nil: there are none.
	Below *Turn `json:"below"`
	Above *Turn `json:"above"`
}

// Turn is the value of an input at which another place comes first.
type Turn struct {
	At float64 `json:"at"` // or how far it was looked, where nothing Flips
	// Flips says that the first place is not the first beyond At, and First what is, at which
	// cost; nil: no place can serve then.
	Flips bool    `json:"flips"`
	First *Choice `json:"first"`
	USD   float64 `json:"usd_month"`
}

// flips are those of each input on which the first place depends.
func (m *model) flips(now cost.Estimate) []Flip {
	all := []Flip{m.trafficFlip(now)}
	if f, known := m.p99Flip(now); known {
		all = append(all, f)
	}
	all = append(all, m.priceFlips(now)...)
	redundancy, headroom := m.Options.Redundancy, m.Options.Headroom
	units := func(q *cost.Costs, v float64) { q.Options.Redundancy = int(v) }
	free := func(q *cost.Costs, v float64) { q.Options.Headroom = v }
	all = append(all, Flip{Input: Redundancy, Now: float64(redundancy),
		Below: m.turn(now, linear(float64(redundancy), 0, redundancy), true, units),
		Above: m.turn(now, linear(float64(redundancy), float64(redundancy+mostMore), mostMore), true, units)})
	const most, step = 0.9, 0.02
	all = append(all, Flip{Input: Headroom, Now: headroom,
		Below: m.turn(now, linear(headroom, 0, int(math.Ceil(headroom/step))), false, free),
		Above: m.turn(now, linear(headroom, most, int(math.Ceil((most-headroom)/step))), false, free)})
	if f, varies := m.peakFlip(now); varies {
		all = append(all, f)
	}
	return all
}

// mostMore is how many more redundant units are tried.
const mostMore = 8

func (m *model) trafficFlip(now cost.Estimate) Flip {
	scale := func(q *cost.Costs, v float64) { q.Traffic = q.Traffic.Times(v) }
	f := Flip{Input: Traffic, Now: m.Traffic.Mean(),
		Below: m.turn(now, geometric(1, 1/reach), false, scale), Above: m.turn(now, geometric(1, reach), false, scale)}
	f.Below.At *= f.Now
	f.Above.At *= f.Now
	return f
}

// peakFlip changes the ratio of the peak to the mean; false: the traffic is constant.
func (m *model) peakFlip(now cost.Estimate) (Flip, bool) {
	ratio := func(v float64) float64 { return peakToMean(sharpened(m.Traffic, v)) }
	f := Flip{Input: Peak, Now: ratio(1)}
	if f.Now < 1+1e-9 {
		return f, false
	}
	const most = 100
	sharpen := func(q *cost.Costs, v float64) { q.Traffic = sharpened(q.Traffic, v) }
	f.Below = m.turn(now, linear(1, 0, 50), false, sharpen)
	f.Above = m.turn(now, geometric(1, most), false, sharpen)
	f.Below.At, f.Above.At = ratio(f.Below.At), ratio(f.Above.At)
	return f, true
}

// sharpened multiplies the distances from the mean, little by little: each time what is below it
// gets less, and the peak narrower.
func sharpened(c traffic.Curve, factor float64) traffic.Curve {
	const step = 2
	for ; factor > step; factor /= step {
		c = c.Sharpened(step)
	}
	return c.Sharpened(factor)
}

func peakToMean(c traffic.Curve) float64 { return c.Peak() / c.Mean() }

// linear are values from one to another, the first of which is the present one; nil: none.
func linear(from, to float64, steps int) (all []float64) {
	if steps <= 0 {
		return nil
	}
	for i := range steps + 1 {
		all = append(all, from+(to-from)*float64(i)/float64(steps))
	}
	return all
}

func geometric(from, to float64) (all []float64) {
	steps := int(math.Ceil(math.Abs(math.Log(to/from)) / math.Log(coarse)))
	for i := range steps + 1 {
		all = append(all, from*math.Pow(to/from, float64(i)/float64(steps)))
	}
	return all
}

// turn goes along the values of an input until another place comes first; nil: there are none.
func (m *model) turn(now cost.Estimate, values []float64, whole bool, change func(*cost.Costs, float64)) *Turn {
	if len(values) == 0 {
		return nil
	}
	at := func(v float64) (cost.Estimate, bool) {
		return first(m.with(func(q *cost.Costs) { change(q, v) }).estimates())
	}
	same := func(v float64) bool {
		e, serves := at(v)
		return serves && whereOf(e) == whereOf(now)
	}
	for i, v := range values[1:] {
		if same(v) {
			continue
		}
		beyond := v
		if !whole {
			far := v
			v = lasting(values[i], far, same)
			beyond = beside(v, far)
		}
		t := &Turn{At: v, Flips: true}
		t.is(at(beyond))
		return t
	}
	return &Turn{At: values[len(values)-1]}
}

func (t *Turn) is(e cost.Estimate, serves bool) {
	if serves {
		choice := ChoiceOf(e)
		t.First, t.USD = &choice, e.Month.Value
	}
}

// limitName is that of the limit whose flip is looked for, in Measured.Limits.
const limitName = "p99 response time"

// p99Limit is the limit of the p99; false: there is none.
func p99Limit(m cost.Measured) (time.Duration, bool) {
	i := slices.IndexFunc(m.Limits, func(l cost.Limit) bool { return l.Name == limitName })
	if i < 0 {
		return 0, false
	}
	return m.Limits[i].At, true
}

// p99Flip changes the limit of the p99, and with it the capacities to what the steps of the
// searches showed; false: the SLO limits none, or no step has one.
func (m *model) p99Flip(now cost.Estimate) (Flip, bool) {
	limit, limited := p99Limit(*now.Measured)
	if !limited {
		return Flip{}, false
	}
	lower, higher := []float64{float64(limit)}, []float64{float64(limit)}
	for _, x := range m.Measured {
		for _, s := range x.Seen {
			if s.P99 <= limit {
				lower = append(lower, float64(s.P99-1)) // which it does not hold
			} else {
				higher = append(higher, float64(s.P99))
			}
		}
	}
	if len(lower)+len(higher) == 2 {
		return Flip{}, false
	}
	slices.Sort(lower)
	slices.Sort(higher)
	slices.Reverse(lower)
	change := func(q *cost.Costs, v float64) {
		for i := range q.Measured {
			q.Measured[i] = underP99(q.Measured[i], time.Duration(v))
		}
	}
	f := Flip{Input: P99, Now: limit.Seconds(), Below: m.turn(now, lower, true, change), Above: m.turn(now, higher, true, change)}
	for _, t := range []*Turn{f.Below, f.Above} {
		t.At = time.Duration(t.At).Seconds()
	}
	return f, true
}

// underP99 is a target under another limit of the p99. Its capacity is the highest rate up to
// which all steps of its search were within the limit: seen, not certified, and above what is
// certified only where no other limit may be the one that it broke.
func underP99(m cost.Measured, limit time.Duration) cost.Measured {
	now, limited := p99Limit(m)
	if !limited || now == limit {
		return m
	}
	m.Limits = slices.Clone(m.Limits)
	for i := range m.Limits {
		if m.Limits[i].Name == limitName {
			m.Limits[i].At = limit
		}
	}
	held, breaks := 0.0, 0.0
	for _, s := range slices.SortedStableFunc(slices.Values(m.Seen), func(a, b cost.Seen) int {
		return cmp.Or(cmp.Compare(a.Rate, b.Rate), cmp.Compare(b.P99, a.P99)) // the slowest of a rate first
	}) {
		if s.P99 > limit {
			breaks = s.Rate
			break
		}
		held = s.Rate
	}
	if limit < now || len(m.Limits) > 1 {
		held = min(held, m.Rate)
	} else {
		held = max(held, m.Rate)
	}
	if held == 0 || breaks > held { // else what broke it is what did so before
		m.Breaks = breaks
	}
	m.Rate = held
	return m
}

// ownParts are the positions of a bill that are the place's own, and no other's such as a load
// balancer or egress.
func ownParts() []cost.PartName {
	return []cost.PartName{cost.PartUnits, cost.PartCPU, cost.PartMemory, cost.PartFee, cost.PartRequests, cost.PartCompute, cost.PartColdStart}
}

// pricedBy are the IDs of the prices of some positions of a bill.
func pricedBy(e cost.Estimate, names []cost.PartName) (ids []string) {
	for _, part := range e.Parts {
		if slices.Contains(names, part.Name) {
			for _, row := range part.Rows {
				ids = append(ids, row.ID())
			}
		}
	}
	return ids
}

// paidFor is how much of an estimate the prices with some IDs make, in US dollars a month.
func paidFor(e cost.Estimate, ids []string) (usd float64) {
	for _, part := range e.Parts {
		for _, row := range part.Rows {
			if slices.Contains(ids, row.ID()) {
				usd += row.Quantity * row.USD
			}
		}
	}
	return usd
}

// priceFlips are those of the price of the first place, which may rise, and of the second one,
// which may fall.
func (m *model) priceFlips(now cost.Estimate) []Flip {
	all := m.estimates()
	for _, e := range m.Sizes(now) { // which take the place of one that gets dearer
		if !slices.ContainsFunc(all, func(o cost.Estimate) bool { return ChoiceOf(o) == ChoiceOf(e) }) {
			all = append(all, e)
		}
	}
	all = slices.DeleteFunc(all, func(e cost.Estimate) bool { return e.Unfit != nil })
	slices.SortFunc(all, cost.Compare)
	of := ChoiceOf(now)
	flips := []Flip{{Input: Price, Of: &of, Now: 1, Above: priceTurn(now, all, pricedBy(now, ownParts()), reach)}}
	if i := slices.IndexFunc(all, func(e cost.Estimate) bool { return whereOf(e) != whereOf(now) }); i >= 0 {
		rival := ChoiceOf(all[i])
		flips = append(flips, Flip{Input: Price, Of: &rival, Now: 1, Below: priceTurn(now, all, pricedBy(all[i], ownParts()), 0)})
	}
	return flips
}

// priceTurn is the factor of the prices with some IDs, from 1 to another, at which the first of
// all is at another place. A cost is the quantities by the prices: those that use them change
// together, each along a line, and the first changes where two lines cross.
func priceTurn(now cost.Estimate, all []cost.Estimate, ids []string, to float64) *Turn {
	slopes := make([]float64, len(all))
	var crossings []float64
	for i, e := range all {
		slopes[i] = paidFor(e, ids)
	}
	for i, e := range all {
		for k, o := range all {
			if whereOf(e) != whereOf(now) || whereOf(o) == whereOf(now) {
				continue
			}
			if at := 1 + (o.Month.Value-e.Month.Value)/(slopes[i]-slopes[k]); (at-1)*(at-to) <= 0 && at != to {
				crossings = append(crossings, at)
			}
		}
	}
	slices.SortFunc(crossings, func(a, b float64) int { return cmp.Compare(math.Abs(a-1), math.Abs(b-1)) })
	for _, at := range crossings {
		beyond := at + (to-at)*10*exact
		best, least := 0, math.Inf(1)
		for i, e := range all {
			if usd := e.Month.Value + (beyond-1)*slopes[i]; usd < least {
				best, least = i, usd
			}
		}
		if e := all[best]; whereOf(e) != whereOf(now) {
			t := &Turn{At: at, Flips: true}
			e.Month.Value += (at - 1) * slopes[best]
			t.is(e, true)
			return t
		}
	}
	return &Turn{At: to}
}
