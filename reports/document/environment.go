package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// environment sets the targets side by side, what differs between them first, and
// describes the host.
func (b builder) environment() []element.Section {
	host := &element.Table{Columns: element.Words("fact", "value"), Keys: 1}
	for _, f := range b.a.Run.Environment {
		c := element.Text(f.String())
		if f.Unequal {
			c.Notes = []string{"could not be made equal between targets"}
		}
		host.Rows = append(host.Rows, element.Row{Cells: []element.Cell{element.Text(f.Name), c}})
	}
	return []element.Section{
		{ID: "environment", Title: "Environment", Rank: element.Background, Table: b.facts(), Notes: []string{"The targets side by side; what differs comes first."}},
		{ID: "host", Rank: element.Background, Table: host, Notes: []string{"The host and the load generator."}},
	}
}

// facts are those of the targets that came up far enough to be described.
func (b builder) facts() *element.Table {
	var ran []record.Target
	var names, titles []string
	for _, t := range b.a.Run.Targets {
		if len(t.Facts) > 0 {
			ran, titles = append(ran, t), append(titles, t.Name)
		}
		for _, f := range t.Facts {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	t := &element.Table{Columns: slices.Concat(element.Words("fact"), element.Words(titles...)), Keys: 1}
	var same []element.Row
	for _, name := range names {
		row, differs := sideBySide(name, ran)
		if differs {
			t.Rows = append(t.Rows, row)
		} else {
			same = append(same, row)
		}
	}
	t.Rows = append(t.Rows, same...)
	return t
}

// sideBySide is the row of one fact, and whether the targets differ in it.
func sideBySide(name string, targets []record.Target) (row element.Row, differs bool) {
	head := element.Text(name)
	row.Cells = []element.Cell{head}
	var values []string
	for _, t := range targets {
		c, value := element.None(), ""
		for _, f := range t.Facts {
			if f.Name != name {
				continue
			}
			c, value = element.Text(f.String()), f.String()
			if f.Unequal {
				differs, c.Notes = true, []string{"not equal"}
			}
		}
		values, row.Cells = append(values, value), append(row.Cells, c)
	}
	if len(slices.Compact(values)) > 1 {
		differs = true
	}
	if differs && len(targets) > 1 {
		row.Cells[0].Notes, row.Cells[0].Tone = []string{"differs"}, element.Bad
	}
	return row, differs
}

// reproduce is what it takes to make the run, and its reports, again.
func (b builder) reproduce() []element.Section {
	run, s := b.a.Run, b.a.Run.Scenario
	t := &element.Table{Columns: element.Words("fact", "value"), Keys: 1}
	for _, f := range [][2]string{
		{"servebench", run.Version}, {"seed", fmt.Sprint(s.Seed)}, {"payloads, SHA-256", s.Payloads},
		{"corpus", fmt.Sprintf("%s, %s each", format.Plural(s.Corpus, "request"), format.Plural(s.Batch, "example"))},
		{"data file", dataFile(s.Data)}, {"data file, SHA-256", cmp.Or(s.Data, &record.DataFile{}).SHA256},
		{"model file", cmp.Or(s.ModelFile, &record.ModelFile{}).Name}, {"model file, SHA-256", cmp.Or(s.ModelFile, &record.ModelFile{}).SHA256},
		{"rounds", unlessIdle(len(s.Phases), s.Rounds)}, {"phases", phaseList(s.Phases)},
		{"starts without load, of each target", unlessIdle(s.ColdStarts, s.ColdStarts)}, {"run", run.ID}, {"format", run.Schema},
	} {
		if f[1] != "" {
			t.Rows = append(t.Rows, element.Row{Cells: []element.Cell{element.Text(f[0]), {Text: f[1], Code: true}}})
		}
	}
	sections := append(b.place(), element.Section{ID: "provenance", Rank: element.Background, Table: t, Notes: []string{"What the run was made from."}})
	sections[0].Title = "Reproduce"
	sections[0].Lines = append(sections[0].Lines,
		element.Line{Text: "Repeat the run, with the same request bytes and due times:", Command: format.Command(run.Command...)})
	if s.Text != "" {
		sections = append(sections, element.Section{ID: "scenario", Title: "The scenario as it was run", Rank: element.Folded, Lines: []element.Line{{Command: s.Text}}})
	}
	return sections
}

// dataFile describes the file that requests were made from; "" where there is none.
func dataFile(d *record.DataFile) string {
	if d == nil {
		return ""
	}
	order := "in random order"
	if d.InOrder {
		order = "in its own order"
	}
	return fmt.Sprintf("%s, %s, %s", d.Name, format.Plural(d.Records, "record"), order)
}

// place says where the run is, and how to make its reports again.
func (b builder) place() []element.Section {
	return []element.Section{{ID: "reproduce", Rank: element.Aside, Lines: []element.Line{
		{Text: "Make the reports of run " + b.a.Run.Dir + " again:", Command: analysis.ReportCommand(b.a.Run)},
	}}}
}

// unlessIdle is a number, or "" where it says nothing.
func unlessIdle(of, n int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func phaseList(phases []record.Phase) string {
	var list []string
	for _, p := range phases {
		name := p.Name
		if p.Model != "" {
			name += " (model " + p.Model + ")"
		}
		text := fmt.Sprintf("%s: %s %s for %s", name, p.Arrivals, format.Rate(p.Rate), format.Duration(p.Duration))
		if !p.Measured {
			text += ", not measured"
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// method says in plain words how the figures came about.
func (b builder) method() []element.Section {
	return []element.Section{{ID: "method", Title: "Method", Rank: element.Appendix, Lines: element.Lines(sentence.Method(b.a))}}
}
