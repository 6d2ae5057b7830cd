package jsonreport

import (
	"servebench/reports/analysis"
	"servebench/reports/analysis/overhead"
)

// overheadSplit splits each target's quantiles into the overhead and the model.
type overheadSplit struct {
	Noop    string           `json:"noop"`  // the phase whose model computes nothing
	Model   string           `json:"model"` // the phase with the real one
	Base    string           `json:"base"`  // what the ratios divide by
	Method  string           `json:"method"`
	Targets []overheadTarget `json:"targets"`
}

// overheadTarget is the split of one target; null is a quantile without enough samples.
type overheadTarget struct {
	Target string            `json:"target"`
	Rounds int               `json:"rounds"`
	P50    *overheadQuantile `json:"p50"`
	P99    *overheadQuantile `json:"p99"`
}

// overheadQuantile is the split of one quantile: overhead + model = whole.
type overheadQuantile struct {
	Whole    float64      `json:"whole_ms"`
	Overhead overheadPart `json:"overhead"`
	Model    overheadPart `json:"model"`
}

type overheadPart struct {
	Value float64 `json:"ms"` // of a model below zero where the noise is larger
	CI    *pair   `json:"ms_ci"`
	// ToldApart: false means that the noise hides it: Value may be that of nothing.
	ToldApart bool     `json:"told_apart"`
	Ratio     *float64 `json:"ratio"` // to the base's part; null of the base, and where one of the two is not told apart
	RatioCI   *pair    `json:"ratio_ci"`
}

func newOverhead(t *overhead.Result) *overheadSplit {
	if t == nil {
		return nil
	}
	d := overheadSplit{Noop: t.Noop.Name, Model: t.Model.Name, Base: t.Base, Method: analysis.OverheadMethod, Targets: []overheadTarget{}}
	for _, r := range t.Rows {
		last := len(d.Targets) - 1
		if last < 0 || d.Targets[last].Target != r.Target {
			d.Targets = append(d.Targets, overheadTarget{Target: r.Target, Rounds: r.Rounds})
			last++
		}
		split := number(overheadQuantile{milliseconds(r.Whole), newOverheadPart(r.Overhead), newOverheadPart(r.Model)}, r.Known)
		if r.Q == 0.5 {
			d.Targets[last].P50 = split
		} else {
			d.Targets[last].P99 = split
		}
	}
	return &d
}

func newOverheadPart(p overhead.Part) overheadPart {
	return overheadPart{
		Value: milliseconds(p.Value), CI: number(pair{milliseconds(p.Low), milliseconds(p.High)}, p.HasInterval),
		ToldApart: p.ToldApart, Ratio: number(significant(p.Ratio), p.HasRatio),
		RatioCI: number(pair{significant(p.RatioLow), significant(p.RatioHigh)}, p.HasRatioInterval),
	}
}
