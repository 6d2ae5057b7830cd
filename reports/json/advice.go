package jsonreport

import (
	"io"

	"servebench/reports/analysis/cost/advice"
	"servebench/reports/document/pricing"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// AdviceSchema is the version of what WriteAdvice writes.
const AdviceSchema = "servebench.advice/v1"

// advised is where to serve, with the costs that it is made from.
type advised struct {
	Schema   string   `json:"schema"`
	Sentence string   `json:"sentence"`
	Doubts   []string `json:"doubts"`
	// First is the cheapest place that can serve and holds the SLO; null: none can.
	First      *advice.Choice     `json:"first"`
	Undecided  []advice.Choice    `json:"undecided"` // they may be cheaper, within the intervals
	BreakEvens []advice.BreakEven `json:"break_evens"`
	NoneOf     []advice.Always    `json:"no_break_even"` // pairs of which the same place is always the better
	Flips      []advice.Flip      `json:"flips"`
	Tornado    []advice.Bar       `json:"tornado"`
	Targets    []advice.Portable  `json:"targets"` // what the runs show of each
	Costs      costs              `json:"costs"`
}

// WriteAdvice writes advice as JSON, with all digits.
func WriteAdvice(w io.Writer, a *advice.Advice) error {
	d := advised{
		Schema: AdviceSchema, Sentence: format.Sentence(pricing.Recommendation(a)), Doubts: sentence.AdviceDoubts(a),
		Undecided: advice.ChoicesOf(a.Undecided()), BreakEvens: a.BreakEvens, NoneOf: a.NoneOf, Flips: a.Flips, Tornado: a.Tornado, Targets: a.Moves, Costs: newCosts(a.Costs),
	}
	if ranked := a.Priced(); len(ranked) > 0 {
		first := advice.ChoiceOf(ranked[0])
		d.First = &first
	}
	return writeTimed(w, d, "advice")
}
