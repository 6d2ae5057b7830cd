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

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
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
	p, err := newPage(document.New(a), figures.All(a))
	if err != nil {
		return err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"class": class,
		// The figure package wrote and escaped it.
		"mark": func(target string) template.HTML { return template.HTML(marks[target]) },
	}).Parse(layout)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// class is the style of a tone.
func class(t document.Tone) string {
	return map[document.Tone]string{document.Good: "good", document.Unsure: "unsure", document.Bad: "bad", document.Faint: "faint"}[t]
}
