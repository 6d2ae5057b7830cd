package document

import (
	"fmt"
	"slices"

	"servebench/reports/analysis/compare"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Comparisons is the report of runs held against a base: what differs besides the server
// first, then the figures of those that may be compared.
func Comparisons(all []*compare.Comparison) *Document {
	d := &Document{}
	if warning := sentence.ComparisonWarning(all); warning != "" {
		d.add([]element.Section{{ID: "warning", Lines: []element.Line{{Text: warning}}}})
	}
	for i, c := range all {
		d.add(compared(fmt.Sprintf("run-%d", i+1), c))
	}
	d.add([]element.Section{{ID: "method", Lines: element.Lines(sentence.ComparisonNotes(all))}})
	return d
}

func compared(id string, c *compare.Comparison) []element.Section {
	first := element.Line{Word: "COMPARED", Text: sentence.ComparisonLine(c)}
	if !c.Comparable() {
		first.Word, first.Tone = "NOT COMPARABLE", element.Bad
	}
	s := element.Section{ID: id, Lines: []element.Line{first, {Where: "base", Text: sentence.ComparedRun(c.Base)}, {Where: "new", Text: sentence.ComparedRun(c.New)}}}
	for _, d := range c.Differences {
		line := element.Line{Tone: element.Unsure, Text: sentence.Difference(d)}
		if d.Fatal && !d.Allowed {
			line.Tone = element.Bad
		}
		s.Lines = append(s.Lines, line)
	}
	for _, m := range c.Missing {
		s.Lines = append(s.Lines, element.Line{Tone: element.Unsure, Text: sentence.Missing(m)})
	}
	all := []element.Section{s}
	for _, figures := range c.Tables() {
		all = append(all, element.Section{ID: id + "-" + figures[0].Phase, Notes: []string{sentence.ComparedLoads(c, figures[0].Phase)}, Table: changes(figures)})
	}
	return all
}

func changes(figures []compare.Figure) *element.Table {
	n := "rounds"
	if figures[0].Phase == "" {
		n = "starts"
	}
	t := &element.Table{Columns: slices.Concat(element.Words("target", "metric"), element.Numbers("base", "new", "new ÷ base"), element.Words(""), element.Numbers(n)), Keys: 2}
	for _, f := range figures {
		name := f.Metric
		if name == record.MetricCPU {
			name = "CPU per request"
		}
		t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{
			{Text: f.Target, Target: f.Target}, element.Text(name), value(f, f.Base), value(f, f.New), change(f), direction(f),
			element.Text(fmt.Sprintf("%d, %d", f.Base.N, f.New.N)),
		}})
	}
	return t
}

func value(f compare.Figure, v compare.Value) element.Cell {
	quantile := []string{record.MetricP50, record.MetricP90, record.MetricP99, record.MetricP999}
	switch {
	case !v.Known && slices.Contains(quantile, f.Metric):
		return element.Muted("n too small")
	case !v.Known:
		return element.None()
	}
	return element.Text(sentence.Quantity(v.Value, f.Unit))
}

// change is "×1.02", of an error rate "+0.3 %", with its interval.
func change(f compare.Figure) element.Cell {
	if !f.Known {
		return element.None()
	}
	if f.Unit != stat.Share {
		return element.Ratio(f.Change, f.HasInterval, f.Low, f.High)
	}
	sign := ""
	if f.Change > 0 {
		sign = "+"
	}
	c := element.Text(sign + format.Percent(f.Change))
	if f.HasInterval {
		c.Interval, c.Both = format.PercentInterval(f.Low, f.High), sign+format.PercentWithin(f.Change, f.Low, f.High)
	}
	return c
}

// direction says where the interval excludes that the runs are alike. It is a word on the
// runs, not on the servers.
func direction(f compare.Figure) element.Cell {
	return element.Text(map[int]string{1: "higher in NEW", -1: "lower in NEW"}[f.Differs()])
}
