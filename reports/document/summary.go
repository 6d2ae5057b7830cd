package document

import (
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Summary is a run in a few lines: when and with what it was made, what was compared, the
// verdict, and the figures that each target is remembered by.
func Summary(a *analysis.Analysis) *Document {
	b := newBuilder(a)
	s := element.Section{ID: "summary", Lines: append([]element.Line{{Text: a.Run.Dir}}, madeBy(a.Run)...)}
	s.Lines = append(s.Lines, element.Line{Word: sentence.Word(a), Tone: b.verdict().Tone, Where: a.Run.Scenario.Name, Text: sentence.Verdict(a)})
	if short := a.Shortfall(); short != nil {
		s.Lines = append(s.Lines, element.Line{Word: short.Word, Tone: element.Unsure, Text: sentence.Shortfall(a, short)})
	}
	for _, r := range a.Rows {
		s.Lines = append(s.Lines, element.Line{Where: a.Label(r.Target) + b.InPhase(r.Phase), Text: remembered(r)})
	}
	return &Document{Title: a.Run.Scenario.Name, Sections: []element.Section{s}}
}

// madeBy says how a run came about.
func madeBy(run *record.Run) []element.Line {
	lines := []element.Line{
		{Text: "run " + run.ID + " of " + run.Created.UTC().Format("2006-01-02 15:04:05 UTC") + ", by servebench " + run.Version},
		{Where: "made by", Text: format.Command(run.Command...)},
	}
	var machine []string
	for _, f := range run.Environment {
		if f.Name == "CPU" || f.Name == "CPUs" || f.Name == "kernel" {
			machine = append(machine, f.Name+" "+f.String())
		}
	}
	lines = append(lines, element.Line{Where: "on", Text: strings.Join(machine, " · ")})
	if run.AB == nil {
		return lines
	}
	for _, variant := range []record.Variant{run.AB.Baseline, run.AB.Candidate} {
		text := variant.Source
		for _, f := range variant.Facts {
			text += " · " + f.Name + " " + f.Value
		}
		lines = append(lines, element.Line{Where: variant.Target, Text: text})
	}
	return lines
}

// remembered are the figures that a row is remembered by.
func remembered(r sample.Row) string {
	var parts []string
	for _, i := range []int{0, 2} {
		if q := r.Response.Quantiles[i]; q.Known {
			parts = append(parts, format.Quantile(q.Q)+" "+format.Duration(q.Value))
		}
	}
	parts = append(parts, format.Rate(r.OKRate)+" OK", "errors "+format.Percent(r.ErrorRate().Value))
	return strings.Join(append(parts, format.Plural(r.Rounds, "round")), " · ")
}
