// Package html prints a document as report.html: one file that holds everything, opens
// without a network, and is read by people. It stands at the end of the flow, behind
// reports/document, and adds layout and the figures of reports/figures alone.
//
// Everything from outside passes html/template's escaping; the page's content security
// policy allows nothing but its own style sheet and the raster images inside its figures.
package html

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/document/element"
	"servebench/reports/figures"
)

// Name is the file that Format writes.
const Name = "report.html"

// Format writes the whole report as one self-contained page.
func Format() reports.Format {
	return reports.Format{
		Name: "html",
		Doc:  "the whole report as one page, report.html, that needs no network",

		Render: reports.Into(Name, Write),
	}
}

//go:embed page.tmpl
var layout string

// Write writes the page.
func Write(w io.Writer, a *analysis.Analysis) error {
	if err := write(w, a); err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	return nil
}

func write(w io.Writer, a *analysis.Analysis) error {
	marks, err := figures.Markers(a.Run)
	if err != nil {
		return err
	}
	return execute(w, document.New(a), figures.All(a), marks)
}

// WriteDocument writes a page of a document that is of no single run, with its figures.
func WriteDocument(w io.Writer, d *document.Document, drawn []figures.Figure) error {
	if err := execute(w, d, drawn, nil); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

func execute(w io.Writer, d *document.Document, drawn []figures.Figure, marks map[string][]byte) error {
	p, err := newPage(d, drawn)
	if err != nil {
		return err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"class":  class,
		"isName": isName,
		// The figure package wrote and escaped it.
		"mark": func(target string) template.HTML { return template.HTML(marks[target]) },
	}).Parse(layout)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// longestName is how long a name may be, in bytes, that is kept on one line.
const longestName = 63

// isName says that a text is a name, such as a pod's, that would be hard to read in pieces.
func isName(text string) bool { return len(text) <= longestName && !strings.ContainsAny(text, " \n") }

// class is the style of a tone.
func class(t element.Tone) string {
	return map[element.Tone]string{element.Good: "good", element.Unsure: "unsure", element.Bad: "bad", element.Faint: "faint"}[t]
}
