// Package element has what reports are made of: sections of tables, figures and lines, and how
// values stand in the cells of a table. reports/document and the packages below it make them; the
// printers (text, html, markdown) lay them out.
package element

import (
	"cmp"
	"slices"

	"servebench/reports/analysis/sample"
)

// Section is a part of a report. One without a title goes on with the section before it.
type Section struct {
	ID, Title string
	Rank      Rank
	Notes     []string // paragraphs before the table
	Table     *Table   // nil: none
	// Figures are names of figures of reports/figures, without their phase: the page
	// draws those of all phases.
	Figures []string
	Lines   []Line
}

// Rank says where a section is shown.
type Rank int

// The ranks. A run's page shows all of them.
const (
	Main       Rank = iota // in every report
	Aside                  // in every report; Markdown folds it away
	Background             // on the page, and folded away in Markdown
	Appendix               // on the page alone
	Folded                 // on the page alone, folded away
)

// Table is a table. No column of it is empty in all rows.
type Table struct {
	Columns []Column
	Keys    int // so many first columns name the row
	Rows    []Row
}

// NewTable is a table of numbers, so many first columns of which name the row.
func NewTable(keys int, titles ...string) *Table {
	t := &Table{Keys: keys}
	for i, title := range titles {
		t.Columns = append(t.Columns, Column{Title: title, Words: i < keys})
	}
	return t
}

// AddRow adds a row of texts.
func (t *Table) AddRow(texts ...string) {
	t.Rows = append(t.Rows, Row{})
	for _, text := range texts {
		t.AddCell(len(t.Rows)-1, text)
	}
}

// AddCell adds a text to a row.
func (t *Table) AddCell(row int, text string) {
	t.Rows[row].Cells = append(t.Rows[row].Cells, Text(text))
}

// Intervals says that cells of a column have intervals.
func (t *Table) Intervals(column int) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Cells[column].Interval != "" })
}

// Heading is a column's title, with what its intervals are: "p99 ms [95% CI]".
func (t *Table) Heading(column int) string {
	c := t.Columns[column]
	if t.Intervals(column) {
		return c.Title + " " + cmp.Or(c.Range, "[95% CI]")
	}
	return c.Title
}

// Column is the head of a column.
type Column struct {
	Title string
	Words bool   // set to the left; numbers are set to the right
	Range string // what the intervals are: "[certified, breaks)"; "": of 95 % confidence
}

// Row is a row of a table, with sentences that belong to it.
type Row struct {
	Cells []Cell
	Notes []string
}

// Cell is one value.
type Cell struct {
	Text     string
	Interval string   // of its column's Range; "" where there is none
	Both     string   // Text and Interval with the unit that they share; "" where each stands for itself
	Notes    []string // small print, for which a terminal has no room
	Tone     Tone
	Target   string // the target that the cell names; "" of all others
	Code     bool   // from a machine: an error, a version
}

// String is the value with its interval: "1.89 [1.84, 1.96] ms".
func (c Cell) String() string {
	switch {
	case c.Interval == "":
		return c.Text
	case c.Both != "":
		return c.Both
	}
	return c.Text + " " + c.Interval
}

// Line is a sentence with what belongs to it.
type Line struct {
	Word    string // a mark before it: "FAIL", "MEASURED"; "" for none
	Tone    Tone
	Target  string // whose mark is before it; "" for none
	Where   string // what it is about; "" where the Text says so
	Text    string
	Check   string // by which rule, and what was expected
	Fix     string // what to do about it
	Command string // to be pasted into a shell, or a text from a machine
}

// Tone is how a text is to be read.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Unsure
	Bad
	Faint // says that there is nothing
)

// Compact leaves out the columns that no row has anything for; nil without rows.
func (t *Table) Compact() *Table {
	if t == nil || len(t.Rows) == 0 {
		return nil
	}
	shown := &Table{Keys: t.Keys}
	var kept []int
	for i, c := range t.Columns {
		if slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Cells[i].Text != "" }) {
			shown.Columns, kept = append(shown.Columns, c), append(kept, i)
		} else if i < t.Keys {
			shown.Keys--
		}
	}
	for _, r := range t.Rows {
		row := Row{Notes: r.Notes}
		for _, i := range kept {
			row.Cells = append(row.Cells, r.Cells[i])
		}
		shown.Rows = append(shown.Rows, row)
	}
	return shown
}

// ByTarget is a table whose rows are named by target and, where several are measured,
// phase; further are the columns beside these.
func ByTarget(further ...[]Column) *Table {
	return &Table{Columns: slices.Concat(append([][]Column{Words("target", "phase")}, further...)...), Keys: 2}
}

// ByTrial is a table whose rows are named by round as well.
func ByTrial(further ...[]Column) *Table {
	t := ByTarget(append([][]Column{Words("round")}, further...)...)
	t.Keys = 3
	return t
}

// Names are what the rows of a run's tables are called.
type Names struct{ set *sample.Set }

// NamesOf are those of a run's targets and phases.
func NamesOf(set *sample.Set) Names { return Names{set} }

// Add adds a row that is named by target and phase.
func (n Names) Add(t *Table, target, phase string, cells ...[]Cell) {
	named := []Cell{{Text: n.set.Label(target), Target: target}, Text(n.Phase(phase))}
	t.Rows = append(t.Rows, Row{Cells: slices.Concat(append([][]Cell{named}, cells...)...)})
}

// Phase is a name where several phases are measured, so that each is named; "" elsewhere.
func (n Names) Phase(name string) string {
	if !n.set.Several() {
		return ""
	}
	return name
}

// InPhase names the phase where several are measured: ", spike".
func (n Names) InPhase(name string) string {
	if name = n.Phase(name); name == "" {
		return ""
	}
	return ", " + name
}

// Lines are sentences without anything beside them.
func Lines(texts []string) []Line {
	var all []Line
	for _, text := range texts {
		all = append(all, Line{Text: text})
	}
	return all
}

// Words are columns of text, set to the left.
func Words(titles ...string) []Column { return columnsOf(true, titles) }

// Numbers are columns of numbers, set to the right.
func Numbers(titles ...string) []Column { return columnsOf(false, titles) }

// Ranged is a column of numbers whose intervals are not those of 95 % confidence.
func Ranged(title, of string) []Column { return []Column{{Title: title, Range: of}} }

func columnsOf(left bool, titles []string) []Column {
	all := make([]Column, len(titles))
	for i, title := range titles {
		all[i] = Column{Title: title, Words: left}
	}
	return all
}
