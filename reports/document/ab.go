package document

import (
	"cmp"
	"fmt"
	"slices"

	"servebench/reports/analysis/ab"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// comparison holds the candidate of an A/B test against the baseline.
func (b builder) comparison() []element.Section {
	d := b.a.AB
	if d == nil || b.a.Empty() || b.a.Refused() {
		return nil
	}
	t := &element.Table{
		Columns: slices.Concat(element.Words("metric", "phase", "verdict"), element.Numbers(record.Baseline, record.Candidate, "change", "bounds", "p", "pairs", "n")),
		Keys:    2,
	}
	for _, m := range d.Metrics {
		t.Rows = append(t.Rows, b.metric(m))
	}
	for _, e := range d.Errors {
		t.Rows = append(t.Rows, element.Row{Notes: undecided(e.Verdict, sentence.ErrorsWhy(d, e)), Cells: []element.Cell{
			element.Text("errors"), element.Text(b.Phase(e.Phase)), element.Judged(e.Verdict), element.Text(format.Percent(e.Baseline.Value)), element.Text(format.Percent(e.Candidate.Value)),
			{}, {}, b.probability(e.P), element.Text(fmt.Sprint(d.Pairs)), element.Count(min(e.Baseline.N, e.Candidate.N)),
		}})
	}
	s := element.Section{ID: "comparison", Title: "Candidate against baseline", Table: t}
	if conditions := sentence.Conditions(b.a); conditions != "" {
		s.Lines = append(s.Lines, element.Line{Text: format.Sentence(conditions)})
	}
	if d.Pairs > 0 {
		s.Lines = append(s.Lines, element.Line{Text: format.Sentence(sentence.ABColumns)})
	}
	if method := sentence.BoundsMethod(b.a); method != "" {
		s.Lines = append(s.Lines, element.Line{Text: format.Sentence(method)})
	}
	if noise := sentence.Noise(b.a); noise != "" {
		s.Lines = append(s.Lines, element.Line{Text: format.Sentence("Noise floor: " + noise)})
	}
	return []element.Section{s}
}

func (b builder) metric(m ab.Metric) element.Row {
	row := element.Row{Notes: undecided(m.Verdict, sentence.MetricWhy(b.a.AB, m)), Cells: []element.Cell{element.Text(m.Name), element.Text(b.Phase(m.Phase)), element.Judged(m.Verdict)}}
	if len(m.Pairs) == 0 {
		row.Cells = append(row.Cells, element.None(), element.None(), element.None(), element.None(), element.None(), element.Text("0"), element.Text("0"))
		return row
	}
	baseline, candidate := m.Typical()
	bounds := cmp.Or(sentence.MetricBounds(m), "none")
	row.Cells = append(row.Cells, element.Text(sentence.MetricFigure(m, baseline)), element.Text(sentence.MetricFigure(m, candidate)), element.Text(format.Change(m.Ratio)), element.Text(bounds),
		b.probability(m.P), element.Text(fmt.Sprint(len(m.Pairs))), element.Count(m.N))
	return row
}

// probability is a p, where an interim analysis was reached.
func (b builder) probability(p float64) element.Cell {
	return element.OrNone(b.a.AB.Interim > 0, format.Number(p))
}

// undecided says why something did not pass.
func undecided(v record.Verdict, why string) []string {
	if v == record.Pass || why == "" {
		return nil
	}
	return []string{format.Sentence(why)}
}

// variants set the two servers side by side: what differs, then what is the same.
func (b builder) variants() []element.Section {
	if b.a.AB == nil || b.a.Empty() || b.a.Refused() {
		return nil
	}
	table := func() *element.Table {
		return &element.Table{Columns: element.Words("fact", record.Baseline, record.Candidate), Keys: 1}
	}
	differ, same := table(), table()
	for _, name := range factNames(b.a.Run.AB) {
		baseline, candidate := variantFact(b.a.Run.AB.Baseline, name), variantFact(b.a.Run.AB.Candidate, name)
		t := same
		if baseline != candidate {
			t = differ
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{element.Text(name), element.OrNone(baseline != "", baseline), element.OrNone(candidate != "", candidate)}})
	}
	first := element.Section{ID: "variants", Title: "The two servers", Table: differ, Notes: []string{"What differs between them:"}}
	if len(differ.Rows) == 0 {
		first = element.Section{ID: "variants", Title: "The two servers", Lines: []element.Line{{Text: "Both are the same server: what differs between them is noise."}}}
	}
	return []element.Section{first, {ID: "variants-same", Rank: element.Background, Table: same, Notes: []string{"What they have in common:"}}}
}

// The facts of a variant that are fields of the record.
const sourceFact, targetFact = "source", "target"

// factNames are those of both variants, each once.
func factNames(abTest *record.ABTest) []string {
	names := []string{sourceFact, targetFact}
	for _, f := range slices.Concat(abTest.Baseline.Facts, abTest.Candidate.Facts) {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

func variantFact(v record.Variant, name string) string {
	switch name {
	case sourceFact:
		return v.Source
	case targetFact:
		return v.Kind
	}
	for _, f := range v.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// advice says what would settle an A/B test.
func (b builder) advice() []element.Line {
	d := b.a.AB
	if d == nil || sentence.Advice(d) == "" || b.a.Empty() || b.a.Refused() {
		return nil
	}
	return []element.Line{{Fix: format.Sentence(sentence.Advice(d)), Command: d.Command}}
}
