package markdown

import (
	"fmt"

	"servebench/reports/stats"
)

// abTest compares the variants: each metric, their errors, what they are.
func abTest(a *stats.Analysis) string {
	d := a.AB
	if d == nil {
		return ""
	}
	text := ""
	switch advice := escaped(capital(d.Advice())); {
	case advice == "":
	case d.Command == "":
		text += "\n" + advice + ".\n"
	default:
		text += fmt.Sprintf("\n%s:\n\n    %s\n", advice, stats.Plain(d.Command))
	}
	text += "\n### Candidate against baseline\n\n" + metrics(d)
	if rows := errorTable(d).markdown(); rows != "" {
		text += "\n" + rows
	}
	if d.Pairs > 0 {
		text += fmt.Sprintf("\n%s.\n", escaped(stats.ABColumns))
	}
	if method := a.BoundsMethod(); method != "" {
		text += fmt.Sprintf("\n%s. %s.\n", escaped(method), escaped(a.Conditions()))
	}
	if noise := a.NoiseLine(); noise != "" {
		text += fmt.Sprintf("\nNoise floor: %s.\n", escaped(noise))
	}
	return text + "\n" + variants(a)
}

// variants are what the two servers are, what differs between them first.
func variants(a *stats.Analysis) string {
	t := &table{head: []string{"", "Baseline", "Candidate"}}
	for _, f := range a.VariantFacts() {
		t.add(f.Name, f.Baseline, f.Candidate)
	}
	return t.markdown()
}

func metrics(d *stats.ABTest) string {
	t := &table{
		head:    []string{"Verdict", "Phase", "Metric", "Baseline", "Candidate", "Change", "Bounds", "p", "Pairs", "Why"},
		figures: []int{3, 4, 5, 6, 7, 8},
	}
	for _, m := range d.Metrics {
		v := m.Verdict
		if d.Verdict == stats.InvalidInstrument {
			v = d.Verdict
		}
		if len(m.Pairs) == 0 {
			t.add(string(v), m.Phase, m.Name, none, none, none, none, none, "0", m.Why)
			continue
		}
		baseline, candidate := m.Typical()
		t.add(string(v), m.Phase, m.Name, m.FormatFigure(baseline), m.FormatFigure(candidate),
			stats.FormatChange(m.Ratio), m.Bounds(), probability(d, m.P), fmt.Sprint(len(m.Pairs)), m.Why)
	}
	return t.markdown()
}

// probability is a p, where there was an interim analysis.
func probability(d *stats.ABTest, p float64) string {
	if d.Interim == 0 {
		return none
	}
	return stats.FormatNumber(p)
}

func errorTable(d *stats.ABTest) *table {
	t := &table{head: []string{"Verdict", "Phase", "Errors of the baseline", "Of the candidate", "p", "Why"}, figures: []int{2, 3, 4}}
	for _, e := range d.Errors {
		t.add(string(e.Verdict), e.Phase, share(e.Baseline), share(e.Candidate), probability(d, e.P), e.Why)
	}
	return t
}

func share(p stats.Proportion) string {
	if p.N == 0 {
		return none
	}
	return fmt.Sprintf("%s of %s", stats.FormatPercent(p.Value), stats.FormatCount(p.N))
}
