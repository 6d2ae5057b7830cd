// Package document is a report as data: the verdict in a sentence, then sections of
// tables, figures and lines in the order in which they are read. All wording of the
// reports is made here, and in package sentence below it, once. It stands between
// reports/analysis, whose analyses it reads, and the printers (text, html, markdown), which
// add layout alone.
package document

import (
	"cmp"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/format"
)

// Document is a report. Its texts may hold what servers and users wrote: a printer
// escapes them for its medium.
type Document struct {
	Title, Description string
	Server             string   // what was measured, a sentence; "" of an A/B test, whose variants say it
	Origin             []string // when, how long, by which version
	Verdict            Verdict
	Sections           []Section
}

// Verdict is what a report says first.
type Verdict struct {
	Word    string // "PASS", "INVALID", "NO RESULT"
	Tone    Tone
	Why     string // what the word rests on, a clause
	Notices []Line // what was planned and is missing, what to do next
	Reasons []Line // what makes the run INVALID, and what went wrong with servers
}

// Sentence is Why as a sentence.
func (v Verdict) Sentence() string { return format.Sentence(v.Why) }

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

// builder makes the sections of a run.
type builder struct{ a *analysis.Analysis }

// New is the report of a run.
func New(a *analysis.Analysis) *Document {
	b := builder{a}
	d := &Document{
		Title: a.Run.Scenario.Name, Description: a.Run.Scenario.Description,
		Server: server(a.Run), Origin: origin(a.Run), Verdict: b.verdict(),
	}
	d.add(b.targets(), b.comparison())
	if !a.Empty() {
		d.add(
			b.sizes(), b.capacity(), b.results(), b.onlyStarts(), b.keyFigures(), b.variants(), b.monitor(), b.scaling(), b.faults(), b.steps(), b.throughput(), b.overhead(),
			b.latency(), b.answers(), b.resources(), b.ratios(), b.coldStarts(), b.meters(), b.classes(), b.rounds(),
		)
	}
	d.add(
		b.errors(), b.furtherFigures(), b.diagnostics(), b.limits(), b.instrument(), b.ledger(), b.environment(), b.reproduce(), b.method(),
	)
	return d
}

// Limits is the report of a gate: the verdict, what it rests on, and each limit.
func Limits(a *analysis.Analysis) *Document {
	b := builder{a}
	d := &Document{Title: a.Run.Scenario.Name, Server: server(a.Run), Verdict: b.verdict()}
	d.add(b.comparison(), b.variants(), b.limits(), b.place())
	return d
}

// add adds sections that hold something. A title is handed on to the next section of
// the same part when the section that bears it holds nothing.
func (d *Document) add(parts ...[]Section) {
	for _, part := range parts {
		title := ""
		for _, s := range part {
			s.Table = s.Table.compact()
			if s.Title != "" {
				title = s.Title
			}
			if s.Table == nil && len(s.Figures) == 0 && len(s.Lines) == 0 {
				continue
			}
			s.Title, title = title, ""
			d.Sections = append(d.Sections, s)
		}
	}
}

// compact leaves out the columns that no row has anything for; nil without rows.
func (t *Table) compact() *Table {
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

// byTarget is a table whose rows are named by target and, where several are measured,
// phase; further are the columns beside these.
func (b builder) byTarget(further ...[]Column) *Table {
	columns := words("target", "phase")
	for _, more := range further {
		columns = append(columns, more...)
	}
	return &Table{Columns: columns, Keys: 2}
}

// add adds a row that is named by target and phase.
func (b builder) add(t *Table, target, phase string, cells ...[]Cell) {
	named := Cell{Text: b.a.Label(target), Target: target}
	t.Rows = append(t.Rows, Row{Cells: slices.Concat(append([][]Cell{{named, text(b.phase(phase))}}, cells...)...)})
}

// lines are sentences without anything beside them.
func lines(texts []string) []Line {
	var all []Line
	for _, text := range texts {
		all = append(all, Line{Text: text})
	}
	return all
}

func words(titles ...string) []Column { return columnsOf(true, titles) }

func numbers(titles ...string) []Column { return columnsOf(false, titles) }

// ranged is a column of numbers whose intervals are not those of 95 % confidence.
func ranged(title, of string) []Column { return []Column{{Title: title, Range: of}} }

func columnsOf(left bool, titles []string) []Column {
	all := make([]Column, len(titles))
	for i, title := range titles {
		all[i] = Column{Title: title, Words: left}
	}
	return all
}

// phase is a name where several phases are measured, so that each is named; "" elsewhere.
func (b builder) phase(name string) string {
	if !b.a.Several() {
		return ""
	}
	return name
}

// inPhase names the phase where several are measured: ", spike".
func (b builder) inPhase(name string) string {
	if name = b.phase(name); name == "" {
		return ""
	}
	return ", " + name
}
