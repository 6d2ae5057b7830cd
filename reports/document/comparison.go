package document

import (
	"fmt"
	"slices"

	"servebench/reports/compare"
)

// Comparisons is the report of runs held against a base: what differs besides the server
// first, then the figures of those that may be compared.
func Comparisons(all []*compare.Comparison) *Document {
	d := &Document{}
	if warning := compare.Warning(all); warning != "" {
		d.add([]Section{{ID: "warning", Lines: []Line{{Text: warning}}}})
	}
	for i, c := range all {
		d.add(compared(fmt.Sprintf("run-%d", i+1), c))
	}
	notes := Section{ID: "method"}
	for _, note := range compare.Notes(all) {
		notes.Lines = append(notes.Lines, Line{Text: note})
	}
	d.add([]Section{notes})
	return d
}

func compared(id string, c *compare.Comparison) []Section {
	first := Line{Word: "COMPARED", Text: c.Says()}
	if !c.Comparable() {
		first.Word, first.Tone = "NOT COMPARABLE", Bad
	}
	s := Section{ID: id, Lines: []Line{first, {Where: "base", Text: compare.Describe(c.Base)}, {Where: "new", Text: compare.Describe(c.New)}}}
	for _, d := range c.Differences {
		line := Line{Tone: Unsure, Text: d.Says()}
		if d.Fatal && !d.Allowed {
			line.Tone = Bad
		}
		s.Lines = append(s.Lines, line)
	}
	for _, m := range c.Missing {
		s.Lines = append(s.Lines, Line{Tone: Unsure, Text: m.Says()})
	}
	all := []Section{s}
	for figures := range c.Tables() {
		all = append(all, Section{ID: id + "-" + figures[0].Phase, Notes: []string{c.Title(figures[0].Phase)}, Table: changes(figures)})
	}
	return all
}

func changes(figures []compare.Figure) *Table {
	n := "rounds"
	if figures[0].Phase == "" {
		n = "starts"
	}
	t := &Table{Columns: slices.Concat(words("target", "metric"), numbers("base", "new", "new ÷ base"), words(""), numbers(n)), Keys: 2}
	for _, f := range figures {
		change := Cell{Text: f.FormatChange(), Interval: f.FormatBounds()}
		t.Rows = append(t.Rows, Row{Cells: []Cell{
			{Text: f.Target, Target: f.Target}, text(f.Title()), text(f.FormatBase()), text(f.FormatNew()), change, text(f.FormatDirection()), text(f.FormatN()),
		}})
	}
	return t
}
