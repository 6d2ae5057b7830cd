// Package text prints a document as text: what ends a run in the terminal, and the file
// report.txt. It stands at the end of the flow, behind reports/document, and adds layout
// alone.
package text

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/document/element"

	"golang.org/x/term"
)

// Style is how the text may look.
type Style struct {
	// Colour allows ANSI colours.
	Colour bool
}

// StyleOf allows colours on a terminal that shows them, unless NO_COLOR is set.
func StyleOf(w io.Writer) Style {
	file, isFile := w.(*os.File)
	return Style{Colour: isFile && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Format is the report as a plain text file, report.txt.
func Format() reports.Format {
	return reports.Format{
		Name: "text",
		Doc:  "the tables of the terminal as a plain text file",

		Render: reports.Into("report.txt", func(w io.Writer, a *analysis.Analysis) error { return Write(w, document.New(a), Style{}) }),
	}
}

// Write writes a document without its background and appendix.
func Write(w io.Writer, d *document.Document, style Style) error {
	p := &page{style: style}
	if d.Verdict.Word != "" {
		p.verdict(d)
	}
	for _, s := range d.Sections {
		if s.Rank <= element.Aside {
			p.section(s)
		}
	}
	_, err := p.text.WriteTo(w)
	return err
}

// page is the text in the making.
type page struct {
	style Style
	text  bytes.Buffer
}

func (p *page) verdict(d *document.Document) {
	v := d.Verdict
	p.wrapped("  ", fmt.Sprintf("%s %s: %s", p.paint(colourOf(v.Tone), v.Word), clean(d.Title), clean(v.Why)))
	for _, line := range v.Reasons {
		p.statement(line)
	}
	for _, line := range v.Notices {
		p.statement(line)
	}
	if d.Server != "" {
		p.wrapped("  ", clean(d.Server))
	}
}

func (p *page) section(s element.Section) {
	if p.text.Len() > 0 {
		p.line("")
	}
	if s.Title != "" {
		p.line("%s", p.paint(bold, strings.ToUpper(clean(s.Title))))
	}
	for _, note := range s.Notes {
		p.wrapped("", clean(note))
	}
	if s.Table != nil {
		p.table(s.Table)
	}
	for _, line := range s.Lines {
		p.statement(line)
	}
}

// statement writes a line of the document with what to do about it.
func (p *page) statement(l element.Line) {
	var parts []string
	switch colour := colourOf(l.Tone); {
	case l.Word != "":
		parts = append(parts, p.paint(colour, l.Word))
	case l.Text != "" && l.Tone == element.Bad:
		parts = append(parts, p.paint(colour, "!"))
	case l.Text != "" && l.Tone == element.Unsure:
		parts = append(parts, p.paint(colour, "·"))
	}
	if l.Where != "" {
		parts = append(parts, clean(l.Where)+":")
	}
	if text := clean(l.Text); text != "" {
		if l.Tone == element.Bad && l.Check != "" {
			text += " (" + clean(l.Check) + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) > 0 {
		p.wrapped("  ", strings.Join(parts, " "))
	}
	if l.Fix != "" {
		p.wrapped("    ", "  → "+clean(l.Fix))
	}
	if l.Command != "" {
		p.line("    %s", clean(l.Command))
	}
}
