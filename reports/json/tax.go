package jsonreport

import "servebench/reports/stats"

// tax splits each target's quantiles into what the place costs and the model.
type tax struct {
	Noop    string    `json:"noop"`  // the phase whose model computes nothing
	Model   string    `json:"model"` // the phase with the real one
	Base    string    `json:"base"`  // what the ratios divide by
	Method  string    `json:"method"`
	Targets []taxable `json:"targets"`
}

// taxable is the split of one target; null is a quantile without enough samples.
type taxable struct {
	Target string `json:"target"`
	Rounds int    `json:"rounds"`
	P50    *taxed `json:"p50"`
	P99    *taxed `json:"p99"`
}

// taxed is the split of one quantile: place + model = whole.
type taxed struct {
	Whole float64 `json:"whole_ms"`
	Place taxPart `json:"place"`
	Model taxPart `json:"model"`
}

type taxPart struct {
	Value float64 `json:"ms"` // of a model below zero where the noise is larger
	CI    *pair   `json:"ms_ci"`
	// ToldApart: false means that the noise hides it: Value may be that of nothing.
	ToldApart bool     `json:"told_apart"`
	Ratio     *float64 `json:"ratio"` // to the base's part; null of the base, and where one of the two is not told apart
	RatioCI   *pair    `json:"ratio_ci"`
}

func newTax(t *stats.Tax) *tax {
	if t == nil {
		return nil
	}
	d := tax{Noop: t.Noop.Name, Model: t.Model.Name, Base: t.Base, Method: stats.TaxMethod, Targets: []taxable{}}
	for _, r := range t.Rows {
		last := len(d.Targets) - 1
		if last < 0 || d.Targets[last].Target != r.Target {
			d.Targets = append(d.Targets, taxable{Target: r.Target, Rounds: r.Rounds})
			last++
		}
		split := number(taxed{milliseconds(r.Whole), newTaxPart(r.Place), newTaxPart(r.Model)}, r.Known)
		if r.Q == 0.5 {
			d.Targets[last].P50 = split
		} else {
			d.Targets[last].P99 = split
		}
	}
	return &d
}

func newTaxPart(p stats.TaxPart) taxPart {
	return taxPart{
		Value: milliseconds(p.Value), CI: number(pair{milliseconds(p.Low), milliseconds(p.High)}, p.HasInterval),
		ToldApart: p.ToldApart, Ratio: number(significant(p.Ratio), p.HasRatio),
		RatioCI: number(pair{significant(p.RatioLow), significant(p.RatioHigh)}, p.HasRatioInterval),
	}
}
