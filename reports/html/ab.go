package html

import (
	"fmt"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// abTest is the comparison of a candidate with a baseline.
type abTest struct {
	Metrics  *table
	Variants *table
	Advice   string // "" where there is nothing to do
	Command  string
	Notes    []string
}

// abTest is nil of a run that compares no two servers.
func (b builder) abTest() *abTest {
	d := b.a.AB
	if d == nil || b.a.Nothing() != "" || b.a.Refused() {
		return nil
	}
	section := &abTest{Metrics: b.abMetrics(d), Variants: b.variants(), Advice: sentenceCase(d.Advice()), Command: d.Command}
	for _, note := range append(b.reasons(d), b.a.Conditions(), stats.ABColumns, b.a.BoundsMethod()) {
		if note != "" {
			section.Notes = append(section.Notes, sentenceCase(note))
		}
	}
	if noise := b.a.NoiseLine(); noise != "" {
		section.Notes = append(section.Notes, sentenceCase("Noise floor: "+noise))
	}
	return section
}

// reasons say why metrics and errors did not pass. They are below the table, for a
// narrow page shows but its first columns.
func (b builder) reasons(d *stats.ABTest) []string {
	var all []string
	add := func(v stats.Verdict, name, phase, why string) {
		if v == stats.Pass || why == "" {
			return
		}
		if b.phases > 1 && phase != "" {
			name += " in " + phase
		}
		all = append(all, fmt.Sprintf("%s, %s: %s", name, v, why))
	}
	for _, m := range d.Metrics {
		add(m.Verdict, m.Name, m.Phase, m.Why)
	}
	for _, e := range d.Errors {
		add(e.Verdict, "errors", e.Phase, e.Why)
	}
	return all
}

func (b builder) abMetrics(d *stats.ABTest) *table {
	t := &table{
		Caption: "The candidate against the baseline, over rounds played on both",
		Head:    []string{"metric", "verdict", record.Baseline, record.Candidate, "change", "bounds", "p", "pairs", "n"},
	}
	for _, m := range d.Metrics {
		t.Rows = append(t.Rows, b.abMetric(m))
	}
	for _, e := range d.Errors {
		t.Rows = append(t.Rows, []cell{
			b.inPhase("errors", e.Phase), judged(e.Verdict), text(format.Percent(e.Baseline.Value)), text(format.Percent(e.Candidate.Value)), none(), none(),
			text(format.Number(e.P)), text(fmt.Sprint(d.Pairs)), text(format.Count(min(e.Baseline.N, e.Candidate.N))),
		})
	}
	return t
}

func (b builder) abMetric(m stats.ABMetric) []cell {
	name, verdict := b.inPhase(m.Name, m.Phase), judged(m.Verdict)
	if len(m.Pairs) == 0 {
		return []cell{name, verdict, none(), none(), none(), none(), none(), text("0"), text("0")}
	}
	baseline, candidate := m.Typical()
	bounds, p := weak("none"), none()
	if s := m.Bounds(); s != "" {
		bounds = text(s)
	}
	if b.a.AB.Interim > 0 {
		p = text(format.Number(m.P))
	}
	return []cell{
		name, verdict, text(m.FormatFigure(baseline)), text(m.FormatFigure(candidate)), text(format.Change(m.Ratio)), bounds,
		p, text(fmt.Sprint(len(m.Pairs))), text(format.Count(m.N)),
	}
}

// inPhase is a name with its phase, where there are several.
func (b builder) inPhase(name, phase string) cell {
	if b.phases > 1 && phase != "" {
		return noted(name, phase)
	}
	return text(name)
}

func judged(v stats.Verdict) cell { return cell{Text: string(v), Class: "verdict " + class(v)} }

// variants sets the two servers side by side, what differs between them first.
func (b builder) variants() *table {
	t := &table{Caption: "The two servers; what differs comes first", Head: []string{"fact", record.Baseline, record.Candidate}, Words: true}
	for _, f := range b.a.VariantFacts() {
		name := text(f.Name)
		if f.Differs() {
			name.Notes, name.Class = []string{"differs"}, "bad"
		}
		t.Rows = append(t.Rows, []cell{name, fact(f.Baseline), fact(f.Candidate)})
	}
	return t
}

func fact(value string) cell {
	if value == "" {
		return none()
	}
	return text(value)
}
