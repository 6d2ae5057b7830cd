// Package document is a report as data: the verdict in a sentence, then sections of
// tables, figures and lines in the order in which they are read. All wording of the
// reports is made here, and in the packages below it, once. It stands between
// reports/analysis, whose analyses it reads, and the printers (text, html, markdown), which
// add layout alone.
package document

import (
	"servebench/reports/analysis"
	"servebench/reports/document/element"
	"servebench/reports/document/monitored"
	"servebench/reports/format"
)

// Document is a report. Its texts may hold what servers and users wrote: a printer
// escapes them for its medium.
type Document struct {
	Title, Description string
	Server             string   // what was measured, a sentence; "" of an A/B test, whose variants say it
	Origin             []string // when, how long, by which version
	Verdict            Verdict
	Sections           []element.Section
}

// Verdict is what a report says first.
type Verdict struct {
	Word    string // "PASS", "INVALID", "NO RESULT"
	Tone    element.Tone
	Why     string         // what the word rests on, a clause
	Notices []element.Line // what was planned and is missing, what to do next
	Reasons []element.Line // what makes the run INVALID, and what went wrong with servers
}

// Sentence is Why as a sentence.
func (v Verdict) Sentence() string { return format.Sentence(v.Why) }

// builder makes the sections of a run.
type builder struct {
	a *analysis.Analysis
	element.Names
}

func newBuilder(a *analysis.Analysis) builder { return builder{a, element.NamesOf(a.Set)} }

// New is the report of a run.
func New(a *analysis.Analysis) *Document {
	b := newBuilder(a)
	d := &Document{
		Title: a.Run.Scenario.Name, Description: a.Run.Scenario.Description,
		Server: server(a.Run), Origin: origin(a.Run), Verdict: b.verdict(),
	}
	d.add(b.targets(), b.comparison())
	if !a.Empty() {
		d.add(
			b.sizes(), b.capacity(), b.results(), b.onlyStarts(), b.keyFigures(), b.variants(), monitored.Sections(a), b.scaling(), b.faults(), b.steps(), b.throughput(), b.overhead(),
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
	b := newBuilder(a)
	d := &Document{Title: a.Run.Scenario.Name, Server: server(a.Run), Verdict: b.verdict()}
	d.add(b.comparison(), b.variants(), b.limits(), b.place())
	return d
}

// add adds sections that hold something. A title is handed on to the next section of
// the same part when the section that bears it holds nothing.
func (d *Document) add(parts ...[]element.Section) {
	for _, part := range parts {
		title := ""
		for _, s := range part {
			s.Table = s.Table.Compact()
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
