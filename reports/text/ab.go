package text

import (
	"fmt"
	"strings"

	"servebench/reports/stats"
)

// abTest compares the candidate with the baseline: the table of metrics, what the variants
// are, and what to do where it is not decided.
func (p *page) abTest() {
	d := p.analysis.AB
	if d == nil || p.analysis.Nothing() != "" || p.analysis.Refused() {
		return
	}
	p.next(d)
	p.variants()
	p.space()
	t := p.abTable(d)
	lines := t.lines()
	p.line("%s", p.paint(bold, lines[0]))
	for i, m := range d.Metrics {
		p.judged(lines[i+1], m.Verdict, m.Why)
	}
	for i, e := range d.Errors {
		p.judged(lines[1+len(d.Metrics)+i], e.Verdict, e.Why)
	}
	if d.Pairs > 0 {
		p.wrapped("", stats.ABColumns+".")
	}
	if method := p.analysis.BoundsMethod(); method != "" {
		p.wrapped("", method+". "+p.analysis.Conditions()+".")
	}
	if noise := p.analysis.NoiseLine(); noise != "" {
		p.wrapped("", "NOISE FLOOR: "+clean(noise)+".")
	}
}

// next says how many rounds would settle it, and how to add them.
func (p *page) next(d *stats.ABTest) {
	switch advice := d.Advice(); {
	case advice == "":
	case d.Command == "":
		p.wrapped("    ", "  → "+advice)
	default:
		p.wrapped("    ", "  → "+advice+":")
		p.line("    %s", clean(d.Command))
	}
}

// variants says what the two servers are, as far as they differ.
func (p *page) variants() {
	var baseline, candidate []string
	for i, f := range p.analysis.VariantFacts() {
		switch {
		case !f.Differs():
		case i == 0 && f.Name == "source":
			baseline, candidate = append(baseline, clean(f.Baseline)), append(candidate, clean(f.Candidate))
		default:
			baseline, candidate = append(baseline, variantFact(f.Name, f.Baseline)), append(candidate, variantFact(f.Name, f.Candidate))
		}
	}
	if len(baseline) == 0 {
		p.line("Both variants are the same server: what differs between them is noise.")
		return
	}
	p.wrapped("  ", "baseline:  "+strings.Join(baseline, ", "))
	p.wrapped("  ", "candidate: "+strings.Join(candidate, ", "))
}

func variantFact(name, value string) string {
	if value == "" {
		value = none
	}
	return clean(name) + " " + clean(value)
}

// probability is a p, where there was an interim analysis.
func (p *page) probability(v float64) string {
	if p.analysis.AB.Interim == 0 {
		return none
	}
	return stats.FormatNumber(v)
}

func (p *page) abTable(d *stats.ABTest) *table {
	t := &table{
		head: []string{"METRIC", "BASELINE", "CANDIDATE", "CHANGE", "[BOUNDS]", "p", "PAIRS", "n", "VERDICT"},
		left: map[int]bool{0: true, 4: true, 8: true},
	}
	for _, m := range d.Metrics {
		baseline, candidate := m.Typical()
		row := []string{m.Name + p.inPhase(m.Phase), none, none, none, "", none, "0", "0", string(m.Verdict)}
		if len(m.Pairs) > 0 {
			row = []string{m.Name + p.inPhase(m.Phase), m.FormatFigure(baseline), m.FormatFigure(candidate),
				stats.FormatChange(m.Ratio), m.Bounds(), p.probability(m.P), fmt.Sprint(len(m.Pairs)), stats.FormatCount(m.N), string(m.Verdict)}
		}
		t.add(row...)
	}
	for _, e := range d.Errors {
		t.add("errors"+p.inPhase(e.Phase), stats.FormatPercent(e.Baseline.Value), stats.FormatPercent(e.Candidate.Value),
			"", "", stats.FormatNumber(e.P), fmt.Sprint(d.Pairs), stats.FormatCount(min(e.Baseline.N, e.Candidate.N)), string(e.Verdict))
	}
	return t
}

// judged writes a row with its verdict in colour and, where it is not decided, why:
// what failed is in the heading.
func (p *page) judged(line string, v stats.Verdict, why string) {
	row := strings.TrimSuffix(line, string(v))
	p.line("%s%s", row, p.paint(colourOf(v), string(v)))
	if v == stats.Inconclusive && why != "" {
		p.wrapped("    ", "    "+clean(why))
	}
}
