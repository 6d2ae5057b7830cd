// Package advice finds where a model should be served: the places that hold the SLO by their
// cost, those that do not and why, from which traffic another place is cheaper, and how far each
// input may move until another place comes first. All of it is found by asking package cost
// again, with one input changed: there is no second model. It computes numbers, without
// sentences, files or clocks; reports/document has the words.
package advice

import (
	"math"
	"slices"

	"servebench/reports/analysis/cost"
)

// Choice is a measured target at a place.
type Choice struct {
	Run    string `json:"run"`
	Target string `json:"target"`
	Place  string `json:"place"` // its ID
}

// Advice is where to serve. The first of its Costs.Priced is the cheapest place that can serve
// and holds the SLO; there is none where none can. Equal costs give equal advice, in whatever
// order the targets were measured; no figure of it is infinite.
type Advice struct {
	*cost.Costs
	BreakEvens []BreakEven
	NoneOf     []Always // the pairs of kinds without a break-even
	Flips      []Flip
	Tornado    []Bar // the input that moves the cost most first
	Moves      []Portable
}

// ChoiceOf is what an estimate is of.
func ChoiceOf(e cost.Estimate) Choice { return Choice{e.Measured.Run, e.Measured.Target, e.Place.ID} }

// ChoicesOf are what estimates are of.
func ChoicesOf(all []cost.Estimate) (choices []Choice) {
	for _, e := range all {
		choices = append(choices, ChoiceOf(e))
	}
	return choices
}

// Of advises by costs, and by what the runs show of each target.
func Of(c *cost.Costs, moves []Portable) *Advice {
	a := &Advice{Costs: c, Moves: slices.Clone(moves)}
	for i, p := range moves { // named as in the costs
		name := cost.InRun(p.Target, p.Run)
		if slices.ContainsFunc(c.Measured, func(m cost.Measured) bool { return m.Run == p.Run && m.Target == name }) {
			a.Moves[i].Target = name
		}
	}
	ranked := c.Priced()
	if len(ranked) == 0 {
		return a
	}
	m := newModel(c)
	a.BreakEvens, a.NoneOf = m.breakEvens(c.Estimates)
	a.Flips = m.flips(ranked[0])
	a.Tornado = m.tornado(ranked[0])
	return a
}

// model asks package cost with one input changed.
type model struct {
	cost.Costs
	// places are, by measured target, those that come into question at any traffic.
	places [][]cost.Place
}

// newModel chooses the places: where the user named none, those that are the cheapest of their
// service at the traffic asked for, or at much less or more of it.
func newModel(c *cost.Costs) *model {
	m := &model{Costs: *c, places: make([][]cost.Place, len(c.Measured))}
	estimates := slices.Clip(c.Estimates)
	if c.Places == nil {
		for _, factor := range []float64{0.01, 0.1, 10, 100} {
			estimates = append(estimates, cost.Price(c.Measured, nil, c.Traffic.Times(factor), c.Options, c.Prices, c.Now)...)
		}
	}
	for _, e := range estimates {
		i := slices.IndexFunc(c.Measured, func(x cost.Measured) bool { return x.Run == e.Measured.Run && x.Target == e.Measured.Target })
		known := slices.ContainsFunc(m.places[i], func(p cost.Place) bool { return p.ID == e.Place.ID })
		if !known && dependsOnTraffic(e.Unfit) {
			m.places[i] = append(m.places[i], e.Place)
		}
	}
	return m
}

// dependsOnTraffic says that a place can serve, or could at another traffic or SLO.
func dependsOnTraffic(unfit *cost.Remark) bool {
	return unfit == nil || unfit.Kind == cost.ColdStarts || unfit.Kind == cost.QuotaExceeded || unfit.Kind == cost.TooMany
}

// estimates are those of all targets at all places.
func (m *model) estimates() []cost.Estimate {
	var all []cost.Estimate
	for i := range m.Measured {
		if len(m.places[i]) > 0 {
			all = append(all, cost.Price(m.Measured[i:i+1], m.places[i], m.Traffic, m.Options, m.Prices, m.Now)...)
		}
	}
	return all
}

// with is the model with something changed.
func (m *model) with(change func(*cost.Costs)) *model {
	changed := *m
	changed.Measured = slices.Clone(m.Measured)
	change(&changed.Costs)
	return &changed
}

// first is the cheapest that can serve; false: none can.
func first(all []cost.Estimate) (cost.Estimate, bool) {
	if len(all) == 0 {
		return cost.Estimate{}, false
	}
	best := slices.MinFunc(all, cost.Compare)
	return best, best.Unfit == nil
}

// month is what an estimate costs; infinite where it cannot serve.
func month(e cost.Estimate) float64 {
	if e.Unfit != nil {
		return math.Inf(1)
	}
	return e.Month.Value
}

// where is what a first place is remembered by: another size of the same service is no other
// place to serve at.
type where struct{ target, provider, region, service string }

func whereOf(e cost.Estimate) where {
	return where{e.Measured.Target, e.Place.Provider, e.Place.Region, e.Place.Service}
}
